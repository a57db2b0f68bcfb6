#include "optim/fit/start_shapes_masks.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "optim/eval/triangle_bvh.h"
#include "optim/fit/start_shapes.h"
#include "optim/hull/visual_hull.h"
#include "optim/remesh/convex_hull.h"
#include "optim/remesh/isotropic_remesh.h"

namespace penumbra {
namespace {

// Central second moments over the area.
std::optional<glm::dmat2> secondMoments(const Mask& mask) {
  double area = 0;
  glm::dvec2 sum(0);
  glm::dmat2 squares(0);
  for (int y = 0; y < mask.height; ++y)
    for (int x = 0; x < mask.width; ++x) {
      const double m = double(mask.at(x, y));
      const glm::dvec2 p(x + 0.5, y + 0.5);
      area += m;
      sum += m * p;
      squares += m * glm::outerProduct(p, p);
    }
  if (area < 1) return std::nullopt;
  const glm::dvec2 mean = sum / area;
  return squares / area - glm::outerProduct(mean, mean);
}

using Row = Eigen::Matrix<double, 1, 6>;

// a' S b as a row over (Sxx, Syy, Szz, Sxy, Syz, Szx).
Row quadratic(const glm::dvec3& a, const glm::dvec3& b) {
  Row row;
  row << a.x * b.x, a.y * b.y, a.z * b.z, a.x * b.y + a.y * b.x, a.y * b.z + a.z * b.y, a.z * b.x + a.x * b.z;
  return row;
}

std::optional<Eigen::Matrix3d> shapeMatrix(std::span<const View> views, const glm::dvec3& centre) {
  Eigen::Matrix<double, 6, 6> normal = Eigen::Matrix<double, 6, 6>::Zero();
  Eigen::Matrix<double, 6, 1> right = Eigen::Matrix<double, 6, 1>::Zero();
  double size = 0, seen = 0;
  for (const View& view : views) {
    const auto moments = secondMoments(view.mask);
    const double depth = view.camera.toCamera(centre).z;
    if (!moments || depth <= 0) continue;
    // In world units: pixels times depth over focal length
    const glm::dvec2 scale(depth / view.camera.fx, depth / view.camera.fy);
    const glm::dmat3 rows = glm::transpose(view.camera.rotation);
    const auto add = [&](int i, int j) {
      const Row row = quadratic(rows[i], rows[j]);
      const double value = 4 * (*moments)[i][j] * scale[i] * scale[j];
      normal += row.transpose() * row;
      right += row.transpose() * value;
      if (i == j) size += value / 2;
    };
    add(0, 0), add(1, 1), add(0, 1);
    seen += 1;
  }
  if (seen == 0) return std::nullopt;
  for (int i = 0; i < 6; ++i) {
    normal(i, i) += 1e-3 * seen;
    if (i < 3) right(i) += 1e-3 * seen * size / seen;
  }
  const Eigen::Matrix<double, 6, 1> s = normal.ldlt().solve(right);
  Eigen::Matrix3d shape;
  shape << s(0), s(3), s(5), s(3), s(1), s(4), s(5), s(4), s(2);
  return shape;
}

Hull coarseHull(std::span<const View> views, ThreadPool& pool) {
  HullOptions options;
  options.resolution = 48;
  options.edgePixels = 0;
  return makeVisualHull(views, options, pool);
}

// The six sides of a box as grids of squares about `edge` wide, vertices shared.
Mesh gridBox(const glm::dvec3& lower, const glm::dvec3& upper, double edge) {
  const glm::ivec3 n = glm::max(glm::ivec3(glm::round((upper - lower) / edge)), 1);
  Mesh mesh;
  std::vector<int> index(std::size_t((n.x + 1) * (n.y + 1) * (n.z + 1)), -1);
  const auto vertex = [&](const glm::ivec3& p) {
    int& i = index[std::size_t((p.z * (n.y + 1) + p.y) * (n.x + 1) + p.x)];
    if (i >= 0) return i;
    mesh.positions.emplace_back(lower + (upper - lower) * glm::dvec3(p) / glm::dvec3(n));
    return i = int(mesh.positions.size()) - 1;
  };
  for (int axis = 0; axis < 3; ++axis)
    for (const int side : {0, 1}) {
      const int u = (axis + 1) % 3, v = (axis + 2) % 3;
      for (int i = 0; i < n[u]; ++i)
        for (int j = 0; j < n[v]; ++j) {
          std::array<int, 4> quad;
          for (int k = 0; k < 4; ++k) {
            glm::ivec3 p(0);
            p[axis] = side * n[axis];
            p[u] = i + (k == 1 || k == 2), p[v] = j + (k >= 2);
            quad[std::size_t(k)] = vertex(p);
          }
          if (side == 0) std::swap(quad[1], quad[3]);
          mesh.faces.emplace_back(quad[0], quad[1], quad[2]);
          mesh.faces.emplace_back(quad[0], quad[2], quad[3]);
        }
    }
  return mesh;
}

}  // namespace

double shrinkIntoFrames(Mesh& mesh, std::span<const View> views, const glm::dvec3& centre) {
  double factor = 1;
  for (const View& view : views) {
    const Camera& c = view.camera;
    // Linear in camera space, positive inside the frame and in front of the camera
    const std::array<glm::dvec3, 5> sides{glm::dvec3(c.fx, 0, c.cx), {-c.fx, 0, c.width - c.cx}, {0, c.fy, c.cy},
                                          {0, -c.fy, c.height - c.cy}, {0, 0, 1}};
    const glm::dvec3 middle = c.toCamera(centre);
    const auto within = [&](const glm::dvec3& side) { return glm::dot(side, middle) > 0; };
    const bool holds = std::all_of(sides.begin(), sides.end(), within);
    if (!holds) continue;
    for (const glm::vec3& p : mesh.positions) {
      const glm::dvec3 x = c.toCamera(glm::dvec3(p));
      for (const glm::dvec3& side : sides) {
        const double at = glm::dot(side, middle), there = glm::dot(side, x);
        if (there < kFrameMargin * at) factor = std::min(factor, (1 - kFrameMargin) * at / (at - there));
      }
    }
  }
  if (factor < 1)
    for (glm::vec3& p : mesh.positions) p = glm::vec3(centre + factor * (glm::dvec3(p) - centre));
  return factor;
}

Mesh ellipsoidStart(std::span<const View> views, const glm::dvec3& centre, int level) {
  Mesh mesh = icosphere(level);
  glm::dmat3 axes(0.5);
  if (const auto shape = shapeMatrix(views, centre)) {
    const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(*shape);
    const double longest = std::sqrt(std::max(solver.eigenvalues().maxCoeff(), 1e-12));
    for (int k = 0; k < 3; ++k) {
      const double half = std::max(std::sqrt(std::max(solver.eigenvalues()(k), 0.0)), kThinnest * longest);
      for (int i = 0; i < 3; ++i) axes[k][i] = half * solver.eigenvectors()(i, k);
    }
    if (glm::determinant(axes) < 0) axes[0] = -axes[0];
  }
  for (glm::vec3& p : mesh.positions) p = glm::vec3(centre + axes * glm::dvec3(p));
  shrinkIntoFrames(mesh, views, centre);
  return mesh;
}

Mesh boxStart(std::span<const View> views, int vertices, ThreadPool& pool) {
  const Bounds bounds = boundsOf(coarseHull(views, pool).mesh);
  const glm::dvec3 d = bounds.upper - bounds.lower;
  // Squares: one vertex each
  const double edge = std::sqrt(2 * (d.x * d.y + d.y * d.z + d.z * d.x) / std::max(vertices, 8));
  Mesh mesh = gridBox(bounds.lower, bounds.upper, edge);
  shrinkIntoFrames(mesh, views, bounds.centre());
  return mesh;
}

Mesh convexStart(std::span<const View> views, int vertices, ThreadPool& pool) {
  const Mesh hull = convexHull(coarseHull(views, pool).mesh.positions);
  const TriangleBvh bvh(hull);
  const auto project = [&](const glm::vec3& p) { return glm::vec3(bvh.nearest(glm::dvec3(p)).point); };
  Mesh mesh = isotropicRemesh(hull, {evenEdge(surfaceArea(hull), std::max(vertices, 12)), 6}, project, pool);
  shrinkIntoFrames(mesh, views, boundsOf(mesh).centre());
  return mesh;
}

}  // namespace penumbra
