// Prior on what no silhouette shows: the surface bends as little as it can.
//
//   E(x) = w/2 sum_i |u_i|^2,   u_i = x_i - mean of its neighbours,   w = (kReferenceEdge / h)^2
// On even meshes u_i is about -h^2/4 times the surface's Laplacian (h mean length of the edges), so the weight makes E
// about 1/30 kReferenceEdge^2 times the integral of |Laplace x|^2: it does not depend on how finely the surface is meshed.
// It acts on the shape itself, not on the step: it fills smoothly between the rims that the views see; its tangential
// part evens out the triangles. On the border of an open mesh neighbours are those along the border.
// NOTE one h for all: with lengths of their own the weights would grow wherever triangles shrink, and draw in more.
// Source: Desbrun et al., "Implicit fairing" (1999), section 4 (umbrella operator); Botsch, Kobbelt (2004), eq. 2.
#pragma once
#include <span>
#include <vector>

#include "renderer/cpu/thread_pool.h"
#include "renderer/topology.h"

namespace penumbra {

struct DevicePlate;  // renderer/device_newton.h

inline constexpr double kReferenceEdge = 0.0257;  // world units: a closed surface of area 4 with 7000 vertices

// The operator B = U^T U, u = U x, of any mesh; it depends on the connectivity alone.
class ThinPlate {
 public:
  ThinPlate() = default;
  explicit ThinPlate(const Topology& topology);

  std::uint64_t topologyId() const { return topologyId_; }
  std::span<const float> diagonal() const { return diagonal_; }  // of B

  // u_i and (B x)_i for a range of vertices; B x needs all u. Vectors may have 3 or 4 components.
  template <class Vec> Vec umbrella(std::size_t i, const std::vector<Vec>& x) const {
    const int begin = start_[i], end = start_[i + 1];
    if (begin == end) return Vec(0);
    Vec sum(0);
    for (int k = begin; k < end; ++k) sum += x[std::size_t(neighbour_[std::size_t(k)])];
    return x[i] - inverseDegree_[i] * sum;
  }
  template <class Vec> Vec product(std::size_t i, const std::vector<Vec>& u) const {
    Vec sum(0);
    for (int k = centreStart_[i]; k < centreStart_[i + 1]; ++k) {
      const std::size_t c = std::size_t(centre_[std::size_t(k)]);
      sum += inverseDegree_[c] * u[c];
    }
    return u[i] - sum;
  }

  DevicePlate onDevice() const;  // the same operator; refers to this

  // 1/2 x^T B x.
  double energy(const std::vector<glm::vec3>& x) const;

 private:
  std::uint64_t topologyId_ = 0;
  std::vector<int> start_, neighbour_;        // of each vertex
  std::vector<int> centreStart_, centre_;     // vertices that have it as a neighbour: the same but for borders
  std::vector<float> inverseDegree_, diagonal_;
};

// w above, from the area and the number of faces.
double plateWeight(const Topology& topology, std::span<const glm::vec3> positions);

}  // namespace penumbra
