// Finds where a photo set looks and how large the object is, from cameras and masks alone.
//
// 1. Rays through the centres of the mask bounding boxes (camera centre o_v, direction d_v); the point nearest all:
//      sum_v (I - d_v d_v^T) c = sum_v (I - d_v d_v^T) o_v
// 2. First radius: largest over the views of (distance of c) * (half diagonal of the mask box) / focal length.
// 3. Carving: a cube around c is cut into cells; a view votes against a cell when the cell's footprint lies in the
//    frame and meets no mask pixel (summed-area table, so thin parts are never missed). Cells with too many votes go,
//    as do cells seen by less than half the views. The cube shrinks to what is left, twice.
// 4. centre = middle of what is left, scale = 1 / distance of its farthest cell.
// The result contains the object whenever the masks do not erode it, and overshoots by about one cell (3 %).
#include <algorithm>
#include <cmath>
#include <cstdint>

#include <Eigen/Eigenvalues>

#include "optim/targets/targets.h"
#include "optim/targets/view_coverage.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kCells = 48;  // a side of the carved cube

struct CarvingView {
  const Camera* camera;
  std::vector<int> sums;     // (H + 1) x (W + 1) summed-area table of mask >= 1/2
  glm::dvec2 lower, upper;   // mask bounding box, pixels

  int count(int x0, int y0, int x1, int y1) const {  // object pixels in [x0, x1) x [y0, y1)
    const std::size_t row = std::size_t(camera->width) + 1;
    return sums[y1 * row + x1] - sums[y0 * row + x1] - sums[y1 * row + x0] + sums[y0 * row + x0];
  }
};

std::vector<CarvingView> prepare(const std::vector<View>& views) {
  std::vector<CarvingView> prepared;
  for (const View& view : views) {
    const int width = view.mask.width, height = view.mask.height;
    CarvingView v{&view.camera, std::vector<int>(std::size_t(width + 1) * (height + 1), 0), glm::dvec2(1e300),
                  glm::dvec2(-1e300)};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const bool inside = view.mask.at(x, y) >= 0.5f;
        const std::size_t row = std::size_t(width) + 1, at = (y + 1) * row + x + 1;
        v.sums[at] = v.sums[at - 1] + v.sums[at - row] - v.sums[at - row - 1] + inside;
        if (!inside) continue;
        v.lower = glm::min(v.lower, glm::dvec2(x, y));
        v.upper = glm::max(v.upper, glm::dvec2(x + 1, y + 1));
      }
    if (v.lower.x < v.upper.x) prepared.push_back(std::move(v));
  }
  return prepared;
}

glm::dvec3 rayThrough(const Camera& camera, const glm::dvec2& pixel) {
  const glm::dvec3 d((pixel.x - camera.cx) / camera.fx, (pixel.y - camera.cy) / camera.fy, 1);
  return glm::normalize(glm::transpose(camera.rotation) * d);
}

// The point nearest all rays; where all rays are (nearly) parallel, the point of them nearest the world origin.
glm::dvec3 nearestToRays(const std::vector<CarvingView>& views) {
  Eigen::Matrix3d a = Eigen::Matrix3d::Zero();
  Eigen::Vector3d b = Eigen::Vector3d::Zero();
  for (const CarvingView& v : views) {
    const glm::dvec3 d = rayThrough(*v.camera, 0.5 * (v.lower + v.upper)), o = v.camera->centre();
    const Eigen::Vector3d direction(d.x, d.y, d.z), origin(o.x, o.y, o.z);
    const Eigen::Matrix3d across = Eigen::Matrix3d::Identity() - direction * direction.transpose();
    a += across;
    b += across * origin;
  }
  a += 1e-6 * double(views.size()) * Eigen::Matrix3d::Identity();  // pulls towards the origin where depth is open
  const Eigen::Vector3d c = a.ldlt().solve(b);
  return {c.x(), c.y(), c.z()};
}

double firstRadius(const std::vector<CarvingView>& views, const glm::dvec3& centre) {
  double radius = 0;
  for (const CarvingView& v : views) {
    const double depth = std::abs(v.camera->toCamera(centre).z);
    const glm::dvec2 half = 0.5 * (v.upper - v.lower) / glm::dvec2(v.camera->fx, v.camera->fy);
    radius = std::max(radius, depth * glm::length(half));
  }
  return radius;
}

enum class Sight { Outside, Empty, Object };  // outside the frame; in it, off the mask; on the mask

Sight look(const CarvingView& v, const glm::dvec3& cell, double cellRadius) {
  const Camera& camera = *v.camera;
  const glm::dvec3 x = camera.toCamera(cell);
  if (x.z <= cellRadius) return Sight::Outside;
  const double u = camera.fx * x.x / x.z + camera.cx, w = camera.fy * x.y / x.z + camera.cy;
  const double ru = camera.fx * cellRadius / (x.z - cellRadius), rw = camera.fy * cellRadius / (x.z - cellRadius);
  if (u < 0 || w < 0 || u > camera.width || w > camera.height) return Sight::Outside;
  const int x0 = int(std::max(0.0, u - ru)), y0 = int(std::max(0.0, w - rw));
  const int x1 = int(std::min(double(camera.width), u + ru + 1)), y1 = int(std::min(double(camera.height), w + rw + 1));
  return v.count(x0, y0, x1, y1) > 0 ? Sight::Object : Sight::Empty;
}

bool keeps(const std::vector<CarvingView>& views, const glm::dvec3& cell, double cellRadius, int votes) {
  int against = 0, seen = 0;
  for (const CarvingView& v : views) {
    const Sight sight = look(v, cell, cellRadius);
    seen += sight != Sight::Outside;
    against += sight == Sight::Empty;
    if (against >= votes) return false;
  }
  return 2 * seen >= int(views.size());
}

struct Carved {
  Bounds bounds;       // of the centres of the cells left
  double radius = 0;   // farthest cell from the middle of the bounds
  double cellRadius = 0;
};

Carved carve(const std::vector<CarvingView>& views, const glm::dvec3& centre, double halfSide, int votes) {
  const double side = 2 * halfSide / kCells;
  Carved carved;
  carved.cellRadius = 0.5 * std::sqrt(3.0) * side;
  std::vector<glm::dvec3> left;
  for (int k = 0; k < kCells; ++k)
    for (int j = 0; j < kCells; ++j)
      for (int i = 0; i < kCells; ++i) {
        const glm::dvec3 cell = centre - halfSide + side * (glm::dvec3(i, j, k) + 0.5);
        if (!keeps(views, cell, carved.cellRadius, votes)) continue;
        left.push_back(cell);
        carved.bounds.add(cell);
      }
  for (const glm::dvec3& cell : left)
    carved.radius = std::max(carved.radius, glm::length(cell - carved.bounds.centre()));
  return carved;
}

// "Up" is the direction most nearly at right angles to the image rows of all cameras, on the side of their upper edge.
glm::dvec3 guessUp(const std::vector<View>& views) {
  Eigen::Matrix3d rows = Eigen::Matrix3d::Zero();
  glm::dvec3 upward(0);
  for (const View& view : views) {
    const glm::dmat3 worldFromCamera = glm::transpose(view.camera.rotation);
    const glm::dvec3 right = worldFromCamera[0];
    upward -= worldFromCamera[1];
    const Eigen::Vector3d r(right.x, right.y, right.z);
    rows += r * r.transpose();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(rows);
  const Eigen::Vector3d axis = solver.eigenvectors().col(0);
  glm::dvec3 up(axis.x(), axis.y(), axis.z());
  const bool open = solver.eigenvalues()(1) < 1e-3 * double(views.size());  // all rows parallel
  if (open) up = glm::length(upward) > 0 ? glm::normalize(upward) : glm::dvec3(0, 1, 0);
  if (glm::dot(up, upward) < 0) up = -up;
  for (int k = 0; k < 3; ++k)  // a world axis when one is within 10 degrees
    if (std::abs(up[k]) > 0.985) {
      const double sign = up[k] < 0 ? -1 : 1;
      up = glm::dvec3(0);
      up[k] = sign;
    }
  return up;
}

Similarity boundingSimilarity(const std::vector<CarvingView>& prepared, std::vector<std::string>& notes) {
  glm::dvec3 centre = nearestToRays(prepared);
  double halfSide = 1.5 * firstRadius(prepared, centre);
  double radius = halfSide / 1.5;
  // With many views one wrong mask must not carve the object away
  const int fewest = prepared.size() >= 16 ? 2 : 1;
  for (int votes = fewest; votes <= int(prepared.size()); votes *= 2) {
    bool found = false;
    glm::dvec3 c = centre;
    double h = halfSide;
    for (int pass = 0; pass < 3; ++pass) {
      const Carved carved = carve(prepared, c, h, votes);
      if (carved.bounds.empty()) break;
      found = true;
      c = carved.bounds.centre();
      radius = carved.radius + carved.cellRadius;
      const glm::dvec3 extent = 0.5 * (carved.bounds.upper - carved.bounds.lower) + carved.cellRadius;
      h = std::max({extent.x, extent.y, extent.z});
    }
    if (!found) continue;
    if (votes > fewest) notes.push_back("Some masks contradict the others; check masks and cameras.");
    return {1 / radius, c};
  }
  notes.push_back("The masks do not agree on any point; position and scale are a guess. Check masks and cameras.");
  return {1 / radius, centre};
}

}  // namespace

void normaliseViews(ViewSet& views) {
  for (const auto* list : {&views.train, &views.heldOut})
    for (const View& view : *list)
      if (view.mask.width != view.camera.width || view.mask.height != view.camera.height)
        throw Error(ExitCode::Input,
                    "View " + view.name + " has a camera of " + std::to_string(view.camera.width) + " x " +
                        std::to_string(view.camera.height) + " pixels but a mask of " +
                        std::to_string(view.mask.width) + " x " + std::to_string(view.mask.height) + ".");
  const std::vector<CarvingView> prepared = prepare(views.train);
  if (prepared.empty())
    throw Error(ExitCode::Input,
                "None of the " + std::to_string(views.train.size()) + " training masks shows an object.",
                "Check that the masks are white (or opaque) on the object, or invert them.");
  const Similarity step = boundingSimilarity(prepared, views.notes);
  views.up = guessUp(views.train);
  for (auto* list : {&views.train, &views.heldOut})
    for (View& view : *list) view.camera = transformed(view.camera, step.scale, step.centre);
  // x'' = s2 (s1 (x - c1) - c2) = s1 s2 (x - (c1 + c2 / s1))
  const Similarity before = views.normalisation;
  views.normalisation = {before.scale * step.scale, before.centre + step.centre / before.scale};
  for (std::string& note : viewCoverageNotes(views.train)) views.notes.push_back(std::move(note));
}

}  // namespace penumbra
