// Finds the contour edges of one mesh for many views at once.
//
// A face shows its front or its back to each camera centre: one bit a view, 32 views a word. An edge with two
// consistently wound faces is a contour edge of view v iff the words of its faces differ in bit v, so one exclusive or
// answers 32 views. All other edges (border, non-manifold, mixed winding) are summed face by face.
#pragma once
#include <cstdint>
#include <vector>

#include "renderer/coverage.h"
#include "renderer/cpu/contour_kernels.h"
#include "renderer/mesh.h"

namespace penumbra {

struct ContourEdge {
  int edge;
  int net;  // faces on the left minus faces on the right of the edge, see renderer/core/contour.h
};

// Lists of one chunk of edges, by view; a view's contour edges are those of all chunks in order.
using ContourChunk = std::vector<std::vector<ContourEdge>>;

template <class Real> class ContourClassifier {
 public:
  // Facing and contour edges of `mesh` for these cameras (any number). Results do not depend on the pool.
  void classify(ThreadPool& pool, const MeshRef<Real>& mesh, std::span<const ViewRef<Real>* const> views);

  const std::vector<ContourChunk>& chunks() const { return chunks_; }
  // Does face f show its front in the i-th view given to classify?
  bool showsFront(int face, int view) const {
    return words_[std::size_t(view / kViewsPerGroup) * paddedFaces_ + face] >> (view % kViewsPerGroup) & 1;
  }
  bool degenerate(int face) const { return !degenerate_.empty() && degenerate_[face]; }
  const Bounds& bounds() const { return bounds_; }

 private:
  void setTopology(const Topology& topology);
  void makePlanes(ThreadPool& pool, const MeshRef<Real>& mesh);
  void collect(int chunk, const Topology& topology, int views);
  void collectIrregular(ContourChunk& lists, const Topology& topology, int views) const;

  std::uint64_t topologyId_ = 0;
  std::vector<int> edge_, face0_, face1_;      // regular edges; face0 walks the edge forwards
  std::vector<int> irregular_;                 // all other edges
  int paddedFaces_ = 0;
  std::vector<Real> nx_, ny_, nz_, d_;         // planes, padded
  std::vector<char> degenerate_;               // empty when there is no zero-area face
  std::vector<std::uint32_t> words_;           // [group][face]
  std::vector<ContourChunk> chunks_;
  Bounds bounds_;
};

}  // namespace penumbra
