// Ground grid, camera frusta and the directions no camera looks from, as coloured line segments.
#pragma once
#include <optional>
#include <vector>

#include "app/window/drawing.h"
#include "optim/targets/view_coverage.h"

namespace penumbra {

struct SceneLinesRequest {
  const Snapshot* snapshot = nullptr;
  glm::dmat3 frame{1};            // right, up, back of the upright frame
  bool grid = true, cameras = true;
  int selectedView = -1, hoveredView = -1;
  std::optional<int> lockedView;  // looked through: its own frustum is left out
  std::optional<ViewCoverage> unseen;  // shown when the views cannot determine the shape
};
std::vector<LineVertex> sceneLines(const SceneLinesRequest& request);

// Two caps around the object, of the directions that are nearer to the emptiest axis than to any view.
constexpr double kCapRadius = 1.2;  // normalised units: just outside of the object
std::vector<LineVertex> unseenCaps(const ViewCoverage& coverage);

// The apex and the four far corners of the frustum drawn for a camera.
struct Frustum { glm::dvec3 apex, corner[4]; };
Frustum frustumOf(const Camera& camera, double depth);
constexpr double kFrustumDepth = 0.28;

// Height of the ground along `up`: just below the reference or the start mesh.
double groundHeight(const Snapshot& snapshot, const glm::dvec3& up);

// The view whose camera is drawn nearest to a point on the screen, within `reach` pixels; -1 when none.
int cameraAt(const Snapshot& snapshot, const ViewMatrices& matrices, const Rect& area, double x, double y, double reach);

}  // namespace penumbra
