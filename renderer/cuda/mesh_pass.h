// The regularisers' launches, and what they know of the mesh.
#pragma once
#include "renderer/cuda/mesh_terms.h"
#include "renderer/cuda/totals.h"
#include "renderer/device_iteration.h"

namespace penumbra::device {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kUniformFactor = 3 / (4 * kPi), kCotangentFactor = 1 / (16 * kPi);
inline constexpr double kConsistencyFactor = 1.7320508075688772 / (4 * kPi);

// Neighbours of vertices and faces in device memory.
class AroundStore {
 public:
  void set(Memory& memory, const Topology& topology) {
    const std::size_t count = std::size_t(topology.vertexCount);
    Lists corners(count), neighbours(count);
    std::vector<std::uint8_t> inner(count, 0);
    std::vector<int> acrossFaces(3 * topology.faces.size(), -1), filled(topology.faces.size(), 0);
    for (const bool counting : {true, false}) {
      for (std::size_t f = 0; f < topology.faces.size(); ++f)
        for (int k = 0; k < 3; ++k) corners.put(topology.faces[f][k], int(3 * f) + k, counting);
      for (const glm::ivec2& e : topology.edges) {
        neighbours.put(e.x, e.y, counting);
        neighbours.put(e.y, e.x, counting);
        inner[std::size_t(e.x)] = inner[std::size_t(e.y)] = 1;
      }
      if (counting) corners.begin(), neighbours.begin();
    }
    for (std::size_t e = 0; e < topology.edges.size(); ++e) {
      const std::size_t begin = std::size_t(topology.edgeFaceStart[e]),
                        faces = std::size_t(topology.edgeFaceStart[e + 1]) - begin;
      if (faces == 1) inner[std::size_t(topology.edges[e].x)] = inner[std::size_t(topology.edges[e].y)] = 0;
      if (faces != 2) continue;
      const int same = topology.edgeSides[begin] == topology.edgeSides[begin + 1];
      for (const std::size_t side : {std::size_t(0), std::size_t(1)}) {
        const std::size_t f = std::size_t(topology.edgeFaces[begin + side]);
        acrossFaces[3 * f + std::size_t(filled[f]++)] = 2 * topology.edgeFaces[begin + 1 - side] + same;
      }
    }
    used_ = maxDegree_ = 0;
    for (std::size_t v = 0; v < count; ++v) {
      const int degree = neighbours.start[v + 1] - neighbours.start[v];
      used_ += degree > 0;
      maxDegree_ = std::max(maxDegree_, degree);
    }
    neighbourStart_.upload(memory, neighbours.start);
    neighbours_.upload(memory, neighbours.items);
    cornerStart_.upload(memory, corners.start);
    corners_.upload(memory, corners.items);
    inner_.upload(memory, inner);
    faceNeighbours_.upload(memory, acrossFaces);
  }
  AroundView view() const {
    return {neighbourStart_.data(),
            neighbours_.data(),
            cornerStart_.data(),
            corners_.data(),
            inner_.data(),
            faceNeighbours_.data(),
            used_};
  }
  int maxDegree() const { return maxDegree_; }
  std::size_t bytes() const {
    return neighbourStart_.bytes() + neighbours_.bytes() + cornerStart_.bytes() + corners_.bytes() + inner_.bytes() +
           faceNeighbours_.bytes();
  }

 private:
  // One list an owner, filled by counting first.
  struct Lists {
    std::vector<int> start, at, items;
    explicit Lists(std::size_t owners) : start(owners + 1, 0) {}
    void put(int owner, int item, bool counting) {
      if (counting) ++start[std::size_t(owner) + 1];
      else items[std::size_t(at[std::size_t(owner)]++)] = item;
    }
    void begin() {
      for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
      at = start;
      items.resize(std::size_t(start.back()));
    }
  };

  Buffer<int> neighbourStart_, neighbours_, cornerStart_, corners_, faceNeighbours_;
  Buffer<std::uint8_t> inner_;
  int used_ = 0, maxDegree_ = 0;
};

// Values of the terms, weights included, from the totals.
struct TermValues {
  double laplacian, normalConsistency, edgeLength;
};

struct TermWeights {
  double uniform, cotangent, consistency, edges;
  int usedVertices;
  double edgeCount;
  PENUMBRA_HD TermValues values(const MeshTotals& t) const {
    const double perArea = t.area > 0 ? usedVertices / t.area : 0;
    return {perArea * (uniform * kUniformFactor * t.uniform + cotangent * kCotangentFactor * t.cotangent),
            consistency * kConsistencyFactor * t.consistency,
            t.lengths > 0 ? edges * (edgeCount * t.squaredLengths / (t.lengths * t.lengths) - 1) : 0};
  }
};

template <class Executor>
class MeshPass {
 public:
  void allocate(Executor& executor, const MeshView& mesh) {
    units_.allocate(executor, mesh.faceCount);
    crossLengths_.allocate(executor, mesh.faceCount);
    faceGradient_.allocate(executor, mesh.faceCount);
    differences_.allocate(executor, mesh.vertexCount);
    totals_.allocate(executor, 1);
    totals_.fill(0);
    sums_.allocate(executor, std::max({mesh.faceCount, mesh.edgeCount, mesh.vertexCount}));
  }
  // Adds the gradients of all terms with a weight to `gradient`.
  void run(Executor& executor, const MeshView& mesh, const AroundView& around, const DeviceOptions& o,
           Vec3<float>* gradient) {
    const TermData data{
        mesh,     around,         units_.data(), crossLengths_.data(), faceGradient_.data(), differences_.data(),
        gradient, totals_.data(), sums_.values()};
    const bool faces = o.uniformLaplacian != 0 || o.cotangentLaplacian != 0 || o.normalConsistency != 0;
    if (faces) {
      executor.launch("faceNormals", FaceNormals{data}, mesh.faceCount);
      sums_.add(executor, mesh.faceCount, &totals_.data()->area);
    }
    if (o.uniformLaplacian != 0) {
      executor.launch("uniformDifferences", UniformDifferences{data}, mesh.vertexCount);
      laplacian(executor, data, kUniformFactor, o.uniformLaplacian, 0);
    }
    if (o.cotangentLaplacian != 0) {
      executor.launch("cotangentDifferences", CotangentDifferences{data}, mesh.vertexCount);
      laplacian(executor, data, kCotangentFactor, o.cotangentLaplacian, 1);
    }
    if (o.normalConsistency != 0) {
      executor.launch("normalConsistency",
                      NormalConsistency{data, float(kConsistencyFactor) * float(o.normalConsistency)}, mesh.faceCount);
      sums_.add(executor, mesh.faceCount, &totals_.data()->consistency);
    }
    if (faces) executor.launch("gatherFaces", GatherFaces{data}, mesh.vertexCount);
    if (o.edgeLength != 0) edgeLengths(executor, data, o.edgeLength);
  }
  Totals& sums() { return sums_; }
  MeshTotals* totals() const { return totals_.data(); }
  std::size_t bytes() const {
    return units_.bytes() + crossLengths_.bytes() + faceGradient_.bytes() + differences_.bytes() + totals_.bytes() +
           sums_.bytes();
  }

 private:
  void laplacian(Executor& executor, const TermData& data, double factor, double weight, int cotangent) {
    MeshTotals* totals = totals_.data();
    sums_.add(executor, data.mesh.vertexCount, cotangent ? &totals->cotangent : &totals->uniform);
    executor.launch("laplacianGradient", LaplacianGradient{data, factor, float(weight), cotangent},
                    data.mesh.vertexCount);
    executor.launch("laplacianArea", LaplacianArea{data, factor, float(weight), cotangent}, data.mesh.faceCount);
  }
  void edgeLengths(Executor& executor, const TermData& data, double weight) {
    for (const int squared : {0, 1}) {
      executor.launch("edgeLengths", EdgeLengths{data, squared}, data.mesh.edgeCount);
      sums_.add(executor, data.mesh.edgeCount, squared ? &totals_.data()->squaredLengths : &totals_.data()->lengths);
    }
    executor.launch("edgeLengthGradient", EdgeLengthGradient{data, float(weight)}, data.mesh.vertexCount);
  }

  Buffer<Vec3<float>> units_, faceGradient_, differences_;
  Buffer<float> crossLengths_;
  Buffer<MeshTotals> totals_;
  Totals sums_;
};

}  // namespace penumbra::device
