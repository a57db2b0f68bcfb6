// The camera of the 3D view: a turntable around a pivot, or one of the fit's own cameras looked through.
//
//   eye = pivot + distance * F * (cos(pitch) sin(yaw), sin(pitch), cos(pitch) cos(yaw))
//
// F has the columns (right, up, back) of the scene's upright frame, so yaw 0 and pitch 0 is the front view for any
// up axis. Matrices follow OpenGL: eye space looks along -z, clip space is [-1, 1]. Pitch stops just short of the
// poles. Moves asked for by a key or a button are eased over a quarter second; drags follow the mouse at once.
#pragma once
#include <optional>

#include "app/window/rect.h"
#include "optim/session/session.h"

namespace penumbra {

enum class AxisView { Front, Back, Right, Left, Top, Bottom };

struct ViewMatrices {
  glm::dmat4 eyeFromWorld{1}, clipFromEye{1};
  glm::dmat4 clipFromWorld() const { return clipFromEye * eyeFromWorld; }
};

// What is moved, saved, copied and pasted.
struct OrbitPose {
  glm::dvec3 pivot{0};
  double yaw = 0.6, pitch = 0.35;  // radians
  double distance = 3.4;
  bool orthographic = false;
};

struct Ray { glm::dvec3 origin, direction; };

class OrbitCamera {
 public:
  static constexpr double kFieldOfView = 40;  // degrees, over the shorter side

  void setUp(const glm::dvec3& up);           // which way is up, from the view set
  const glm::dmat3& frame() const { return frame_; }  // columns right, up, back
  const OrbitPose& pose() const { return pose_; }
  void setPose(const OrbitPose& pose, bool eased = false);
  void setHome(const Bounds& bounds);         // what `home` returns to
  void home();
  void frameBounds(const Bounds& bounds);     // keeps the direction
  void lookAlong(AxisView axis);
  void toggleOrthographic() { pose_.orthographic = !pose_.orthographic; }

  // Mouse, in pixels of a viewport `area`.
  void orbit(double dx, double dy, const Rect& area);
  void pan(double dx, double dy, const Rect& area);   // what is at the pivot's depth follows the cursor
  void zoom(double wheel, double x, double y, const Rect& area);  // what is under the cursor stays there
  void pivotAt(const glm::dvec3& point);      // eased; the direction and distance stay

  // Looks through one of the fit's cameras until `leave`; a drag leaves by itself, starting from there.
  void lookThrough(int view, const Camera& camera);
  void leave() { locked_.reset(); }
  std::optional<int> lockedView() const;

  bool advance(double seconds);               // true while an eased move is under way
  bool moving() const { return moved_ < 1; }
  ViewMatrices matrices(const Rect& area) const;
  Rect imageArea(const Rect& area) const;     // where the locked camera's image lies inside `area`
  Ray ray(double x, double y, const Rect& area) const;
  glm::dvec3 eye() const;
  double worldPerPixel(const Rect& area) const;  // at the pivot's depth

 private:
  struct Locked { int view; Camera camera; };
  void easeTo(const OrbitPose& target);
  void takeOverFromLocked();
  glm::dvec3 direction(const OrbitPose& pose) const;

  glm::dmat3 frame_{1};
  OrbitPose pose_, home_, from_, to_;
  double moved_ = 1;                          // 0..1 along the eased move
  std::optional<Locked> locked_;
};

// Projects to pixels of `area`; empty behind the eye.
std::optional<glm::dvec2> project(const ViewMatrices& matrices, const Rect& area, const glm::dvec3& world);

}  // namespace penumbra
