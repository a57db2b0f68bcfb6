// The exact outline of the union of a mesh's projected faces in one view, from its contour edges.
//
// Steps: project (and cut at the near plane) -> list segments by pixel row -> sweep the rows -> cross segments with each
// other -> cut them there -> keep the pieces that have no face on one side (`OutlinePiece`). The number of faces beside
// a segment is known where a row's sweep met it (or is asked once) and changes by the other's net at each crossing.
// Cost: O(contour edges + crossings), apart from sorting.
#pragma once
#include <vector>

#include "renderer/cpu/contour_classify.h"

namespace penumbra {

// End of a contour segment. A cut end lies on the mesh edge vertex-vertex2 at parameter s.
template <class Real> struct ContourEnd {
  int vertex, vertex2;  // vertex2 < 0: the end is a mesh vertex
  Real s;
  Vec3<Real> x;         // camera space
};

template <class Real> struct ContourSegment {
  Vec2<Real> a, b;      // pixels
  int net;              // as in ContourEdge, for the direction a -> b
  ContourEnd<Real> endA, endB;
  int row0, row1;       // pixel rows it touches, clamped to the guard band
  Real left, right;     // extent in x
  Real slope;           // dx / dy
  bool near;            // may lie within reach of the image
  Real anchor;          // parameter at which onLeft is known, -1 if nowhere yet
  int onLeft;           // faces over the point just left of the segment there
};

template <class Real> class ContourOutline {
 public:
  // `viewIndex` is the view's place in the classification. `reach`: pixels around the image that matter.
  void build(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const ContourClassifier<Real>& classifier,
             int viewIndex, Real nearPlane, Real reach);

  const std::vector<ContourSegment<Real>>& segments() const { return segments_; }
  const std::vector<OutlinePiece<Real>>& pieces() const { return pieces_; }

  // Runs of covered pixels of an image row, as [begin, end) columns in order.
  std::span<const glm::ivec2> coveredRuns(int row) const {
    return {runs_.data() + runStart_[row], std::size_t(runStart_[row + 1] - runStart_[row])};
  }

 private:
  struct Cut {
    int segment;
    Real t;
    int other;
  };
  struct Crossing {
    Real x;
    int segment;
  };
  void addSegment(const CameraT<Real>& camera, const ContourEnd<Real>& a, const ContourEnd<Real>& b, int net);
  void addClipped(const MeshRef<Real>& mesh, const CameraT<Real>& camera, int va, int vb, int net, Real nearPlane);
  void addCutFaces(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const ContourClassifier<Real>& classifier,
                   int viewIndex, Real nearPlane);
  void listRows();
  void crossAll();
  void sweepPairs(std::span<const int> list, int row);
  void crossPair(int i, int j);
  void cutIntoPieces();
  void addPiece(int segment, Real t0, Real t1, int other0, int other1, int onLeft);
  void anchorSegment(int segment, std::span<const Cut> cuts, Real lo, Real hi);
  int countChange(int segment, int crossed) const;
  void clipToGuard(const ContourSegment<Real>& segment, Real& lo, Real& hi) const;
  void sweepRows();
  void listCrossings(int row, Real centre);
  int countOnLeft(int segment, const Vec2<Real>& point) const;
  void noteAnchor(std::size_t crossing, int before, Real centre);
  int countBefore(int segment, Real x, Real y) const;
  std::span<const int> row(int y) const;

  int width_ = 0, height_ = 0, margin_ = 0;
  std::vector<ContourSegment<Real>> segments_;
  std::vector<int> rowStart_, rowSegments_, rowFill_, sorted_;
  std::vector<Cut> cuts_;
  std::vector<OutlinePiece<Real>> pieces_;
  std::vector<Crossing> crossings_;
  std::vector<glm::ivec2> runs_;
  std::vector<int> runStart_;
};

}  // namespace penumbra
