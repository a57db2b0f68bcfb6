// Sums of pulls at vertices that do not depend on the order of threads.
//
// Pulls are floats of any size, so they are made twice: once to find the largest component (its bits grow as it does),
// once to add all in whole numbers of 2^-k. With n pulls at most and |pull| < 2^(e+1), k = 62 - ceil(log2 n) - (e + 1):
// no sum can overflow, and each pull is cut off at 2^-(60 - log2 n) of the largest one, far below its own rounding. n
// follows from the parts there are, not from the room for them: the bits of a sum do not depend on how room has grown.
#pragma once
#include "renderer/cuda/pixel_loss.h"

namespace penumbra::device {

struct VertexSums {
  std::int64_t* sums;  // V x 3
  Counters* counters;

  // At most: a piece pulls on ten points, an entry on four corners, each of two vertices where the near plane cuts.
  static constexpr Index kPiecePulls = 20, kEntryPulls = 8;
  // log2 of the number of pulls, rounded up.
  PENUMBRA_HD int countBits() const {
    const Index pulls = kPiecePulls * counters->now.pieces + kEntryPulls * counters->now.entries;
    int bits = 0;
    while (Index(1) << bits < pulls) ++bits;
    return bits;
  }
  // Exponent k of the units.
  PENUMBRA_HD int shift() const {
    const int exponent = int(counters->largestPull >> 23) - 127;
    const int held = exponent < -60 ? -60 : (exponent > 60 ? 60 : exponent);
    return 62 - countBits() - (held + 1);
  }
  PENUMBRA_HD static float powerOfTwo(int k) { return floatOf(std::uint32_t(k + 127) << 23); }
  PENUMBRA_HD bool finite() const { return counters->largestPull < 0x7f800000u; }
  PENUMBRA_HD void add3(int vertex, const Vec3<float>& pull) const {
    if (!finite()) return;  // the iteration is given up
    const float scale = powerOfTwo(shift());
    for (int k = 0; k < 3; ++k) add(&sums[3 * Index(vertex) + k], std::int64_t(pull[k] * scale));
  }
};

// Either finds the largest pull or adds the pulls of one thread.
struct PullSink {
  const VertexSums& sums;
  bool measure;
  std::uint32_t largest = 0;

  PENUMBRA_HD void operator()(int vertex, const Vec3<float>& pull) {
    if (!measure) return sums.add3(vertex, pull);
    for (int k = 0; k < 3; ++k) {
      const std::uint32_t bits = bitsOf(pull[k]) & 0x7fffffffu;
      largest = bits > largest ? bits : largest;
    }
  }
  PENUMBRA_HD void finish() const {
    if (measure) mostTogether(&sums.counters->largestPull, largest);
  }
};

// Carries dL/dpixel of a point on the mesh edge vertex - vertex2 (or a vertex, vertex2 < 0) to world positions.
struct PointPuller {
  MeshView mesh;
  float nearPlane;
  template <class Sink>
  PENUMBRA_HD void operator()(const CameraT<float>& camera, int vertex, int vertex2, const Vec2<float>& dL_dpixel,
                              Sink& sink) const {
    if (dL_dpixel.x == 0 && dL_dpixel.y == 0) return;
    float ignored[4] = {};
    const Vec3<float> a = cameraSpace(camera, mesh.positions[vertex]);
    const auto backward = [&](const Vec3<float>& x) {
      return projectBackward(camera, x, dL_dpixel, ignored[0], ignored[1], ignored[2], ignored[3]);
    };
    if (vertex2 < 0) return sink(vertex, backward(a) * camera.rotation);
    const Vec3<float> b = cameraSpace(camera, mesh.positions[vertex2]);
    float s;
    const Vec3<float> x = cutAtNear(a, b, nearPlane, s);
    Vec3<float> dL_da(0.0f), dL_db(0.0f);
    cutAtNearBackward(a, b, nearPlane, s, backward(x), dL_da, dL_db);
    sink(vertex, dL_da * camera.rotation);
    sink(vertex2, dL_db * camera.rotation);
  }
};

// gradient += weight / views * sums for one vertex, and empties its sums; the first of a step begins at 0.
struct CollectPulls {
  VertexSums sums;
  const IterationRecord* table;
  Vec3<float>* gradient;  // V
  float weight;
  int first;
  PENUMBRA_HD void operator()(Index v) const {
    if (v == 0 && !sums.finite()) unite(&sums.counters->trouble, kNotFinite);
    const double unit = 1.0 / double(VertexSums::powerOfTwo(sums.shift()));
    const float share = 1.0f / float(table[sums.counters->iteration].slots);
    Vec3<float> g = first ? Vec3<float>(0.0f) : gradient[v];
    for (int k = 0; k < 3; ++k) {
      g[k] += weight * (share * float(double(sums.sums[3 * v + k]) * unit));
      sums.sums[3 * v + k] = 0;
    }
    gradient[v] = g;
  }
};

}  // namespace penumbra::device
