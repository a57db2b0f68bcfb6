// Regularisers, one face, edge or vertex a thread. Definitions: optim/fit/regularisers.h. Every thread gathers what it
// needs in a fixed order and writes its own place, so no sums are shared. Bounds: about 200 bytes a vertex and term.
#pragma once
#include "renderer/cuda/scene.h"

namespace penumbra::device {

// What is around each vertex and face, fixed with the faces.
struct AroundView {
  const int* neighbourStart;  // V + 1
  const int* neighbours;      // vertices joined by an edge, in the order of edges
  const int* cornerStart;     // V + 1
  const int* corners;         // 3 face + corner
  const std::uint8_t* inner;  // V: used by an edge and by no border edge
  const int* faceNeighbours;  // F x 3: 2 face, + 1 if it walks the edge the same way; -1: none
  int usedVertices;
  PENUMBRA_HD int degree(Index v) const { return neighbourStart[v + 1] - neighbourStart[v]; }
};

// Sums that terms share.
struct MeshTotals {
  double area, uniform, cotangent, consistency, lengths, squaredLengths, squaredGradient;
};

struct TermData {
  MeshView mesh;
  AroundView around;
  Vec3<float>* units;         // F: unit normals, 0 for a face without area
  float* crossLengths;        // F: twice the area
  Vec3<float>* faceGradient;  // F: dL/d of the cross product of two sides
  Vec3<float>* differences;   // V: d_i
  Vec3<float>* gradient;      // V
  const MeshTotals* totals;
  double* values;  // numbers to be summed
  double maxCotangent = 50;
};

// Normals and areas; empties the gradients of faces.
struct FaceNormals {
  TermData data;
  PENUMBRA_HD void operator()(Index f) const {
    const Face& v = data.mesh.faces[f];
    const Vec3<float> x = data.mesh.positions[v.x], p = data.mesh.positions[v.y] - x, q = data.mesh.positions[v.z] - x,
                      r = q - p;
    const Vec3<float> cross = glm::cross(p, q);
    const float length = sqrtf(glm::dot(cross, cross));
    const float longest = larger(glm::dot(p, p), larger(glm::dot(q, q), glm::dot(r, r)));
    const bool flat = !(length > 1e-10f * longest);
    data.units[f] = flat ? Vec3<float>(0.0f) : cross / length;
    data.crossLengths[f] = flat ? 0.0f : length;
    data.faceGradient[f] = Vec3<float>(0.0f);
    data.values[f] = 0.5 * double(data.crossLengths[f]);
  }
};

// d_i of the uniform Laplacian: x_i - mean of its neighbours.
struct UniformDifferences {
  TermData data;
  PENUMBRA_HD void operator()(Index v) const {
    const Vec3<float> x = data.mesh.positions[v];
    Vec3<float> d(0.0f);
    const int degree = data.around.degree(v);
    for (int k = 0; k < degree; ++k)
      d += x - data.mesh.positions[data.around.neighbours[data.around.neighbourStart[v] + k]];
    d *= 1.0f / float(degree > 0 ? degree : 1);
    if (!data.around.inner[v] || !(data.totals->area > 0)) d = Vec3<float>(0.0f);
    data.differences[v] = d;
    data.values[v] = double(glm::dot(d, d));
  }
};

// Half the cotangent at a corner, with its derivatives by the two sides p and q that leave it.
struct HalfCotangent {
  float value;
  Vec3<float> byP, byQ;
};
PENUMBRA_HD inline HalfCotangent halfCotangent(const Vec3<float>& p, const Vec3<float>& q, float limit) {
  const Vec3<float> cross = glm::cross(p, q), zero(0.0f);
  const float along = glm::dot(p, q), across = sqrtf(glm::dot(cross, cross));
  if (!(fabsf(along) < limit * across)) return {along == 0 ? 0.0f : (along > 0 ? limit / 2 : -limit / 2), zero, zero};
  const Vec3<float> unit = cross / across;
  const float cotangent = along / across, half = 0.5f / across;
  return {cotangent / 2, half * (q - cotangent * glm::cross(q, unit)), half * (p - cotangent * glm::cross(unit, p))};
}

// Visits the corners k of the faces around vertex v: visit(k, i, j, half cotangent at k), i and j the face's other
// corners.
template <class Visit>
PENUMBRA_HD inline void forEachCornerAround(const TermData& data, Index v, Visit visit) {
  for (int n = data.around.cornerStart[v]; n < data.around.cornerStart[v + 1]; ++n) {
    const Face& f = data.mesh.faces[data.around.corners[n] / 3];
    if (f.x == f.y || f.y == f.z || f.z == f.x) continue;
    for (int corner = 0; corner < 3; ++corner) {
      const int k = f[corner], i = f[(corner + 1) % 3], j = f[(corner + 2) % 3];
      const Vec3<float> at = data.mesh.positions[k];
      visit(k, i, j, halfCotangent(data.mesh.positions[i] - at, data.mesh.positions[j] - at, float(data.maxCotangent)));
    }
  }
}

// d_i of the cotangent Laplacian.
struct CotangentDifferences {
  TermData data;
  PENUMBRA_HD void operator()(Index v) const {
    Vec3<float> d(0.0f);
    forEachCornerAround(data, v, [&](int, int i, int j, const HalfCotangent& c) {
      const Vec3<float> side = c.value * (data.mesh.positions[i] - data.mesh.positions[j]);
      if (i == v) d += side;
      if (j == v) d -= side;
    });
    if (!data.around.inner[v] || !(data.totals->area > 0)) d = Vec3<float>(0.0f);
    data.differences[v] = d;
    data.values[v] = double(glm::dot(d, d));
  }
};

// factor V / A of a Laplacian term.
PENUMBRA_HD inline double laplacianScale(const TermData& data, double factor) {
  return data.totals->area > 0 ? factor * data.around.usedVertices / data.totals->area : 0;
}

// The gradient of sum |d_i|^2 with d fixed in A, over the differences.
struct LaplacianGradient {
  TermData data;
  double factor;
  float weight;
  int cotangent;
  PENUMBRA_HD void operator()(Index v) const {
    const float scale = float(2 * laplacianScale(data, factor)) * weight;
    Vec3<float> g = data.gradient[v];
    if (cotangent) {
      forEachCornerAround(data, v, [&](int k, int i, int j, const HalfCotangent& c) {
        const Vec3<float> pull = scale * data.differences[i] - scale * data.differences[j];
        const float dL_dcotangent = glm::dot(pull, data.mesh.positions[i] - data.mesh.positions[j]);
        if (i == v) g += c.value * pull + dL_dcotangent * c.byP;
        if (j == v) g += -c.value * pull + dL_dcotangent * c.byQ;
        if (k == v) g -= dL_dcotangent * (c.byP + c.byQ);
      });
    } else {
      const Vec3<float> own = scaled(v, scale);
      const int* around = data.around.neighbours + data.around.neighbourStart[v];
      for (int k = 0, degree = data.around.degree(v); k < degree; ++k) g += own - scaled(around[k], scale);
    }
    data.gradient[v] = g;
  }
  PENUMBRA_HD Vec3<float> scaled(Index v, float scale) const {
    const int degree = data.around.degree(v);
    return data.differences[v] * scale * (1.0f / float(degree > 0 ? degree : 1));
  }
};

// The same term's derivative by the area A.
struct LaplacianArea {
  TermData data;
  double factor;
  float weight;
  int cotangent;
  PENUMBRA_HD void operator()(Index f) const {
    if (!(data.totals->area > 0)) return;
    const double sum = cotangent ? data.totals->cotangent : data.totals->uniform;
    const float dL_darea = float(-laplacianScale(data, factor) * sum / data.totals->area) * weight;
    data.faceGradient[f] += 0.5f * dL_darea * data.units[f];
  }
};

// 1 - n.m with the faces across the three edges. Each pair is counted by its face with the lower index.
struct NormalConsistency {
  TermData data;
  float weight;  // factor included
  PENUMBRA_HD void operator()(Index f) const {
    Vec3<float> dL_dunit(0.0f);
    const Vec3<float> n = data.units[f];
    double sum = 0;
    for (int k = 0; k < 3; ++k) {
      const int entry = data.around.faceNeighbours[3 * f + k];
      if (entry < 0 || data.crossLengths[f] == 0 || data.crossLengths[entry / 2] == 0) continue;
      const Vec3<float> m = (entry & 1 ? -1.0f : 1.0f) * data.units[entry / 2], gap = n - m;
      if (f < entry / 2) sum += 0.5 * double(glm::dot(gap, gap));
      dL_dunit -= m;
    }
    data.values[f] = sum;
    if (data.crossLengths[f] != 0)
      data.faceGradient[f] += weight * ((dL_dunit - glm::dot(dL_dunit, n) * n) / data.crossLengths[f]);
  }
};

// Adds the pull-back of the faces' gradients: cross = (x_y - x_x) x (x_z - x_x).
struct GatherFaces {
  TermData data;
  PENUMBRA_HD void operator()(Index v) const {
    Vec3<float> g = data.gradient[v];
    for (int n = data.around.cornerStart[v]; n < data.around.cornerStart[v + 1]; ++n) {
      const int f = data.around.corners[n] / 3, corner = data.around.corners[n] % 3;
      const Face& c = data.mesh.faces[f];
      const Vec3<float> x = data.mesh.positions[c.x], p = data.mesh.positions[c.y] - x,
                        q = data.mesh.positions[c.z] - x;
      const Vec3<float> dL_dp = glm::cross(q, data.faceGradient[f]), dL_dq = glm::cross(data.faceGradient[f], p);
      g += corner == 0 ? -(dL_dp + dL_dq) : (corner == 1 ? dL_dp : dL_dq);
    }
    data.gradient[v] = g;
  }
};

PENUMBRA_HD inline float edgeLength(const MeshView& mesh, int a, int b) {
  const Vec3<float> side = mesh.positions[a] - mesh.positions[b];
  return sqrtf(glm::dot(side, side));
}

struct EdgeLengths {
  TermData data;
  int squared;
  PENUMBRA_HD void operator()(Index e) const {
    const double length = double(edgeLength(data.mesh, data.mesh.edges[e].x, data.mesh.edges[e].y));
    data.values[e] = squared ? length * length : length;
  }
};

struct EdgeLengthGradient {
  TermData data;
  float weight;
  PENUMBRA_HD void operator()(Index v) const {
    const double count = data.mesh.edgeCount, sum = data.totals->lengths, squares = data.totals->squaredLengths;
    if (!(sum > 0)) return;
    Vec3<float> g = data.gradient[v];
    for (int n = data.around.neighbourStart[v]; n < data.around.neighbourStart[v + 1]; ++n) {
      const Vec3<float> side = data.mesh.positions[v] - data.mesh.positions[data.around.neighbours[n]];
      const float length = sqrtf(glm::dot(side, side));
      if (length > 0) g += weight * float(2 * count / (sum * sum)) * (length - float(squares / sum)) / length * side;
    }
    data.gradient[v] = g;
  }
};

// Unit normals of vertices for display: faces weigh by their area.
struct VertexNormals {
  MeshView mesh;
  AroundView around;
  Vec3<float>* normals;
  PENUMBRA_HD void operator()(Index v) const {
    Vec3<float> sum(0.0f);
    for (int n = around.cornerStart[v]; n < around.cornerStart[v + 1]; ++n) {
      const Face& c = mesh.faces[around.corners[n] / 3];
      const Vec3<float> x = mesh.positions[c.x];
      sum += glm::cross(mesh.positions[c.y] - x, mesh.positions[c.z] - x);
    }
    const float length = sqrtf(glm::dot(sum, sum));
    normals[v] = length > 0 ? sum / length : Vec3<float>(0.0f, 0.0f, 1.0f);
  }
};

}  // namespace penumbra::device
