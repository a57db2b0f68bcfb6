// Steps of the Gauss-Newton fit on a graphics card: outlines, terms, the linear system, its solution, the guard, and
// whether the step lowers the energy. No CUDA header is needed to use it.
//
// One step is what optim/newton/newton_step.h does on the processor with views that are right as they are, with the same
// numbers up to rounding; results are the same, bit for bit, from run to run. The mesh stays on the card: what comes back
// of a step is the report alone. Parts of outlines that need more room get it without a word.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "renderer/device_iteration.h"

namespace penumbra {

// A train view; spans are borrowed during the call. For `distance` (H*W, px) see optim/newton/target_field.h; both may be
// empty where only memory is asked for.
struct DeviceNewtonView {
  Camera camera;
  std::span<const float> distance, mask;
  bool touchesFrame = false;  // the distance is held to that to the frame
  bool pulls = true;          // false: only its IoU is told
};

// Umbrella operator of optim/newton/thin_plate.h; borrowed during the call.
struct DevicePlate {
  std::span<const int> start, neighbours;    // of each vertex, V + 1 and
  std::span<const int> centreStart, centres; // vertices that have it as a neighbour
  std::span<const float> inverseDegree, diagonal;
};

// Numbers of one step; see NewtonSettings for those of the same name.
struct DeviceNewtonSettings {
  double prior = 1, damping = 1e-3;
  double clip = 15, robust = 2, lengthScale = 240, nearPlane = 1e-2;
  double referenceEdge = 0.0257;
  int solverIterations = 40;
  double solverTolerance = 1e-3;
  double maxEdges = 0.5;
  double leastCosine = 0.2;  // of step_guard.h, like
  int halvings = 3;
};

// At one place.
struct DeviceMisfit {
  double silhouette = 0, bending = 0;              // the parts of the energy
  double length = 0, absolute = 0, squared = 0;    // sums over the outlines: px, px |phi|, px phi^2
  std::vector<float> viewIoU;
  double energy() const { return silhouette + bending; }
};

struct DeviceNewtonReport {
  bool accepted = false;             // the mesh is where `there` is; else where it was
  DeviceMisfit here, there;          // before the step, and where it leads
  double gradientNorm = 0;           // before
  double largestMove = 0, farthest = 0;  // world units; of a vertex of the mesh it leads to, from the origin
  int solverIterations = 0;
};

class DeviceNewton {
 public:
  virtual ~DeviceNewton() = default;

  virtual void setViews(std::span<const DeviceNewtonView> views) = 0;
  virtual void setMesh(const Topology& topology, std::span<const Vec3<float>> positions, const DevicePlate& plate) = 0;
  // Tries one step and takes it when the energy does not grow. Waits for the report.
  virtual DeviceNewtonReport step(const DeviceNewtonSettings& settings) = 0;

  virtual std::vector<Vec3<float>> positions() = 0;  // of the mesh as it is now
  virtual std::vector<Vec3<float>> gradient() = 0;   // of the energy, where the newest step began

  virtual DeviceWork work() = 0;                // what the newest step has worked on at its last place
  virtual std::size_t memoryInUse() const = 0;  // bytes
};

// As makeCudaIteration() of device_iteration.h.
std::unique_ptr<DeviceNewton> makeCudaNewton();

// What steps of a fit of this size take on a device, to begin with; all views are there at once.
std::size_t predictNewtonMemory(const Topology& topology, std::span<const Camera> cameras);

}  // namespace penumbra
