#include "renderer/cpu/contour_classify.h"

#include <bit>

namespace penumbra {
namespace {

constexpr int kFacesPerTask = 16384;  // a multiple of kFaceBlock
constexpr int kEdgesPerChunk = 16384;

int taskCount(int items, int each) { return (items + each - 1) / each; }

}  // namespace

template <class Real> void ContourClassifier<Real>::setTopology(const Topology& topology) {
  if (topologyId_ == topology.id) return;
  topologyId_ = topology.id;
  edge_.clear();
  face0_.clear();
  face1_.clear();
  irregular_.clear();
  for (int e = 0; e < topology.edgeCount(); ++e) {
    const int begin = topology.edgeFaceStart[e];
    const bool regular = topology.edgeFaceStart[e + 1] - begin == 2 &&
                         topology.edgeSides[begin] == -topology.edgeSides[begin + 1];
    if (!regular) {
      irregular_.push_back(e);
      continue;
    }
    const bool forward = topology.edgeSides[begin] > 0;
    edge_.push_back(e);
    face0_.push_back(topology.edgeFaces[forward ? begin : begin + 1]);
    face1_.push_back(topology.edgeFaces[forward ? begin + 1 : begin]);
  }
  paddedFaces_ = taskCount(topology.faceCount(), kFaceBlock) * kFaceBlock;
  for (auto* plane : {&nx_, &ny_, &nz_, &d_}) plane->assign(paddedFaces_, Real(0));
}

template <class Real> void ContourClassifier<Real>::makePlanes(ThreadPool& pool, const MeshRef<Real>& mesh) {
  const auto& faces = mesh.topology->faces;
  const int tasks = taskCount(int(faces.size()), kFacesPerTask);
  std::vector<char> found(tasks, 0);
  pool.parallelFor(tasks, [&](int task, int) {
    const int end = std::min(int(faces.size()), (task + 1) * kFacesPerTask);
    for (int f = task * kFacesPerTask; f < end; ++f) {
      const auto plane =
          facePlane(mesh.positions[faces[f].x], mesh.positions[faces[f].y], mesh.positions[faces[f].z]);
      nx_[f] = plane.nx;
      ny_[f] = plane.ny;
      nz_[f] = plane.nz;
      d_[f] = plane.d;
      if (plane.nx == 0 && plane.ny == 0 && plane.nz == 0) found[task] = 1;
    }
  });
  degenerate_.clear();
  for (char any : found)
    if (any && degenerate_.empty()) {
      degenerate_.resize(faces.size());
      for (std::size_t f = 0; f < faces.size(); ++f) degenerate_[f] = nx_[f] == 0 && ny_[f] == 0 && nz_[f] == 0;
    }
  bounds_ = {};
  for (const auto& p : mesh.positions) bounds_.add(glm::dvec3(p));
}

template <class Real>
void ContourClassifier<Real>::collect(int chunk, const Topology& topology, int views) {
  ContourChunk& lists = chunks_[chunk];
  lists.resize(std::max<std::size_t>(lists.size(), views));
  for (auto& list : lists) list.clear();
  const int begin = chunk * kEdgesPerChunk, end = std::min(int(edge_.size()), begin + kEdgesPerChunk);
  for (int first = 0; first < views; first += kViewsPerGroup) {
    const std::uint32_t* words = words_.data() + std::size_t(first / kViewsPerGroup) * paddedFaces_;
    for (int i = begin; i < end; ++i) {
      const std::uint32_t front = words[face0_[i]];
      for (std::uint32_t differ = front ^ words[face1_[i]]; differ; differ &= differ - 1) {
        const int v = std::countr_zero(differ);
        lists[first + v].push_back({edge_[i], front >> v & 1 ? 2 : -2});
      }
    }
  }
  if (chunk + 1 == int(chunks_.size())) collectIrregular(lists, topology, views);
}

template <class Real>
void ContourClassifier<Real>::collectIrregular(ContourChunk& lists, const Topology& topology, int views) const {
  for (int e : irregular_)
    for (int v = 0; v < views; ++v) {
      int net = 0;
      for (int i = topology.edgeFaceStart[e]; i < topology.edgeFaceStart[e + 1]; ++i) {
        const int face = topology.edgeFaces[i];
        if (!degenerate(face)) net += topology.edgeSides[i] * (showsFront(face, v) ? 1 : -1);
      }
      if (net != 0) lists[v].push_back({e, net});
    }
}

template <class Real>
void ContourClassifier<Real>::classify(ThreadPool& pool, const MeshRef<Real>& mesh,
                                       std::span<const ViewRef<Real>* const> views) {
  const Topology& topology = *mesh.topology;
  setTopology(topology);
  makePlanes(pool, mesh);
  const int viewCount = int(views.size()), groups = taskCount(viewCount, kViewsPerGroup);
  words_.resize(std::size_t(groups) * paddedFaces_);
  std::vector<Real> x(viewCount), y(viewCount), z(viewCount);
  for (int v = 0; v < viewCount; ++v) {
    const Vec3<Real> centre = views[v]->camera.centre();
    x[v] = centre.x;
    y[v] = centre.y;
    z[v] = centre.z;
  }
  const auto& kernels = contourKernels<Real>();
  const int tasks = taskCount(paddedFaces_, kFacesPerTask);
  pool.parallelFor(tasks * groups, [&](int task, int) {
    const int group = task / tasks, begin = task % tasks * kFacesPerTask, first = group * kViewsPerGroup;
    const int count = std::min(kFacesPerTask, paddedFaces_ - begin);
    kernels.faceBits(nx_.data() + begin, ny_.data() + begin, nz_.data() + begin, d_.data() + begin, count,
                     x.data() + first, y.data() + first, z.data() + first, std::min(kViewsPerGroup, viewCount - first),
                     words_.data() + std::size_t(group) * paddedFaces_ + begin);
  });
  chunks_.resize(std::max(1, taskCount(int(edge_.size()), kEdgesPerChunk)));
  pool.parallelFor(int(chunks_.size()), [&](int chunk, int) { collect(chunk, topology, viewCount); });
}

template class ContourClassifier<float>;
template class ContourClassifier<double>;

}  // namespace penumbra
