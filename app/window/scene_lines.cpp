#include "app/window/scene_lines.h"

#include <cmath>

#include <glm/gtc/constants.hpp>

#include "app/window/colours.h"

namespace penumbra {
namespace {

constexpr int kGridHalf = 8;           // lines to each side
constexpr double kGridStep = 0.25;     // normalised units; every fourth line is stronger

void add(std::vector<LineVertex>& out, const glm::dvec3& a, const glm::dvec3& b, Rgba ca, Rgba cb) {
  out.push_back({glm::vec3(a), ca});
  out.push_back({glm::vec3(b), cb});
}

// Grid lines fade towards the rim: each is cut at its middle, opaque there and clear at its ends.
void addGrid(std::vector<LineVertex>& out, const glm::dmat3& frame, double height) {
  const double reach = kGridHalf * kGridStep;
  const glm::dvec3 floor = height * frame[1];
  for (int i = -kGridHalf; i <= kGridHalf; ++i) {
    const double offset = i * kGridStep, fade = 1 - std::abs(offset) / reach;
    const int strength = int((i % 4 == 0 ? 120 : 56) * (0.25 + 0.75 * fade));
    const Rgba solid = withAlpha({128, 138, 156}, strength), clear = withAlpha(solid, 0);
    for (int axis : {0, 2}) {
      const glm::dvec3 along = frame[axis], across = frame[2 - axis] * offset;
      add(out, floor + across, floor + across + along * reach, solid, clear);
      add(out, floor + across, floor + across - along * reach, solid, clear);
    }
  }
}

void addFrustum(std::vector<LineVertex>& out, const Camera& camera, double depth, Rgba colour) {
  const Frustum f = frustumOf(camera, depth);
  for (int i = 0; i < 4; ++i) {
    add(out, f.apex, f.corner[i], colour, colour);
    add(out, f.corner[i], f.corner[(i + 1) % 4], colour, colour);
  }
  // A small roof shows which side of the image is up.
  const glm::dvec3 middle = (f.corner[0] + f.corner[1]) / 2.0, up = (f.corner[0] - f.corner[3]) * 0.25;
  add(out, glm::mix(f.corner[0], f.corner[1], 0.3), middle + up, colour, colour);
  add(out, glm::mix(f.corner[0], f.corner[1], 0.7), middle + up, colour, colour);
}

}  // namespace

std::vector<LineVertex> unseenCaps(const ViewCoverage& coverage) {
  constexpr int kMeridians = 40, kSteps = 6;
  const glm::dvec3 pole = coverage.emptiest, aside = std::abs(pole.x) < 0.7 ? glm::dvec3(1, 0, 0) : glm::dvec3(0, 1, 0);
  const glm::dvec3 right = glm::normalize(glm::cross(pole, aside)), up = glm::cross(right, pole);
  const double rim = glm::radians(coverage.widestGap / 2);
  std::vector<LineVertex> out;
  for (const double side : {1.0, -1.0}) {
    const auto at = [&](int step, int meridian) {
      const double tilt = rim * step / kSteps, turn = 2 * glm::pi<double>() * meridian / kMeridians;
      return kCapRadius * (std::cos(tilt) * side * pole + std::sin(tilt) * (std::cos(turn) * right + std::sin(turn) * up));
    };
    for (int m = 0; m < kMeridians; ++m) {
      for (int step : {kSteps / 3, 2 * kSteps / 3, kSteps}) {
        const Rgba colour = withAlpha(colour::kWarning, step == kSteps ? 170 : 70);
        add(out, at(step, m), at(step, m + 1), colour, colour);
      }
      for (int step = 0; step < kSteps && m % 4 == 0; ++step)
        add(out, at(step, m), at(step + 1, m), withAlpha(colour::kWarning, 20 + 12 * step), withAlpha(colour::kWarning, 32 + 12 * step));
    }
  }
  return out;
}

Frustum frustumOf(const Camera& camera, double depth) {
  Frustum f;
  f.apex = camera.centre();
  const double w = camera.width, h = camera.height;
  const glm::dvec2 pixel[4] = {{0, 0}, {w, 0}, {w, h}, {0, h}};
  const double longest = std::max(w / camera.fx, h / camera.fy);
  const double d = depth / std::max(0.7, longest);  // wide lenses get shorter frusta
  for (int i = 0; i < 4; ++i) {
    const glm::dvec3 inCamera((pixel[i].x - camera.cx) / camera.fx * d, (pixel[i].y - camera.cy) / camera.fy * d, d);
    f.corner[i] = glm::transpose(camera.rotation) * (inCamera - camera.translation);
  }
  return f;
}

double groundHeight(const Snapshot& snapshot, const glm::dvec3& up) {
  double lowest = 1e300;
  const auto scan = [&](const std::vector<glm::vec3>& positions) {
    for (const auto& p : positions) lowest = std::min(lowest, glm::dot(glm::dvec3(p), up));
  };
  if (snapshot.views && snapshot.views->reference) scan(snapshot.views->reference->positions);
  return lowest == 1e300 ? -1.0 : lowest - 0.005;
}

std::vector<LineVertex> sceneLines(const SceneLinesRequest& request) {
  std::vector<LineVertex> out;
  const Snapshot& s = *request.snapshot;
  if (request.grid) addGrid(out, request.frame, groundHeight(s, request.frame[1]));
  if (request.unseen && !request.lockedView) {
    const std::vector<LineVertex> caps = unseenCaps(*request.unseen);
    out.insert(out.end(), caps.begin(), caps.end());
  }
  if (!request.cameras || !s.views) return out;
  for (int v = 0; v < int(s.views->train.size()); ++v) {
    if (request.lockedView == v) continue;
    const float iou = v < int(s.viewIoU.size()) ? s.viewIoU[std::size_t(v)] : -1;
    const bool strong = v == request.selectedView || v == request.hoveredView;
    const Camera& camera = s.views->train[std::size_t(v)].camera;
    addFrustum(out, camera, kFrustumDepth, strong ? colour::kText : withAlpha(iouColour(iou), 190));
    if (v == request.selectedView) addFrustum(out, camera, kFrustumDepth * 0.93, iouColour(iou));
  }
  return out;
}

int cameraAt(const Snapshot& snapshot, const ViewMatrices& matrices, const Rect& area, double x, double y, double reach) {
  int best = -1;
  double nearest = reach;
  if (!snapshot.views || !area.contains(float(x), float(y))) return best;
  for (int v = 0; v < int(snapshot.views->train.size()); ++v) {
    const Frustum f = frustumOf(snapshot.views->train[std::size_t(v)].camera, kFrustumDepth);
    const glm::dvec3 middle = (f.apex + f.corner[0] + f.corner[1] + f.corner[2] + f.corner[3]) / 5.0;
    for (const glm::dvec3& point : {f.apex, middle}) {
      const auto p = project(matrices, area, point);
      if (!p) continue;
      const double distance = std::hypot(p->x - x, p->y - y);
      if (distance < nearest) nearest = distance, best = v;
    }
  }
  return best;
}

}  // namespace penumbra
