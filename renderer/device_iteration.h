// Whole iterations of the fit on a graphics card: geometry, coverage, loss, gradient, regularisers and the optimiser's
// step. Nothing is read back but what is asked for. No CUDA header is needed to use it.
//
// One iteration is what optim/fit/fitter.cpp does on the processor, with the same numbers up to rounding: coverage agrees
// to 1e-5, gradients to 1e-4 of their length. Results are the same, bit for bit, from run to run.
//
// An iteration that runs into trouble changes nothing, and neither do those queued behind it: `poll` tells. A buffer that
// was too small is enlarged and the iterations are run again without a word.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "renderer/coverage.h"

namespace penumbra {

// A train view. `distance` and `mask` (H*W each, borrowed during the call): see optim/targets/soft_target.h. Both may be
// empty where only coverage is wanted.
struct DeviceViewInput {
  Camera camera;
  std::span<const float> distance, mask;
  double normaliser = 1;
};

enum class DeviceLoss { L2, L1, SoftIoU };

// What stays while iterations run. Changing it costs a new recording of the launches (about a millisecond).
struct DeviceOptions {
  CoverageModel coverage = CoverageModel::Contour;
  DeviceLoss loss = DeviceLoss::L2;
  double nearPlane = 1e-2;
  double largestSigma = 1e-4;        // of the iterations to come
  double silhouetteWeight = 1;
  double uniformLaplacian = 0, cotangentLaplacian = 0, normalConsistency = 0, edgeLength = 0;  // weights
  bool adamUniform = true;
  double beta1 = 0.9, beta2 = 0.999;
  bool differential = true;          // steps spread by (I + lambda L)^-1, see optim/fit/smooth_steps.h
  double lambda = 5;
  double maxStep = 0.5;              // of the mean length of a vertex's edges
  double sceneRadius = 10;           // a vertex farther from the origin stops the fit
  int denseVertices = 4096;          // up to so many (I + lambda L)^-1 is kept whole, 4 V^2 bytes: fewer launches
  std::size_t memoryLimit = 0;       // bytes to use at most; 0: nine tenths of what is free
  bool operator==(const DeviceOptions&) const = default;
};

// One iteration to run.
struct DeviceStep {
  double sigma = 1e-4, learningRate = 5e-2;
  int optimizerStep = 1;             // how many steps the moments will hold after this one
  std::vector<int> views = {};       // empty: all
  bool keep = false;                 // the state it leaves, for keptState()
};

struct DeviceMetrics {
  double loss = 0, silhouette = 0, laplacian = 0, normalConsistency = 0, edgeLength = 0, gradientNorm = 0, trainIoU = 0;
  std::vector<float> viewIoU = {};   // in the order of the step's views
};

// `done` iterations of those queued were carried out. When `done` falls short, `reason` is the rest of a sentence ("a vertex
// left the scene"); else it is empty.
struct DeviceProgress {
  int done = 0;
  std::string reason;
  std::optional<DeviceMetrics> last;  // of the newest iteration, when it was to be measured and all were carried out
};

// Where the newest positions and unit normals are in the device's memory, V x 3 floats each: for drawing. They are there
// once the stream has done what was put into it by now.
struct DeviceGeometry {
  const void *positions = nullptr, *normals = nullptr;
  int vertexCount = 0;
  void* stream = nullptr;
};

// A view's coverage for display: reduced to at most maxSide pixels a side (renderer/core/reduce.h).
struct PictureWish {
  int view = 0, maxSide = 0;
  bool operator==(const PictureWish&) const = default;
};
struct DevicePicture {
  PictureWish wish;
  int width = 0, height = 0;
  std::size_t offset = 0;  // first of its values
};
// In the device's memory once the stream has done what was put into it by now: floats 0..1, row by row from the top.
struct DevicePictures {
  const void* values = nullptr;
  std::size_t count = 0;
  std::vector<DevicePicture> list;
  void* stream = nullptr;
};

// What the launches of an iteration work on, all views together; see renderer/cuda/kernel_bounds.h.
struct DeviceWork {
  double vertices = 0, faces = 0, edges = 0, slots = 0;  // slots: views rendered
  double pixels = 0;                                     // rows padded to whole blocks
  // Contour: pixels that a piece reaches; room of cells, masks and places of ends; parts of the outlines.
  double band = 0, cells = 0, masks = 0, ends = 0, segments = 0, nodes = 0, cuts = 0, pieces = 0;
  // SoftRas: pixels that look at an entry of their tile, and those that pull at one.
  double tiles = 0, entries = 0, pairsForward = 0, pairsBackward = 0;
};

struct DeviceState {
  std::vector<Vec3<float>> positions, moment1, moment2;
};

class DeviceIteration {
 public:
  virtual ~DeviceIteration() = default;

  // `soft`: masks are softened by the profile; else compared as they are. Spans are borrowed during the call only.
  virtual void setViews(std::span<const DeviceViewInput> views, bool soft) = 0;
  // Moments may be empty (0). Needed again after a break-down.
  virtual void setMesh(const Topology& topology, const DeviceState& state) = 0;
  virtual void setOptions(const DeviceOptions& options) = 0;

  // Coverage of one view now, H*W.
  virtual std::vector<float> coverage(int view, double sigma) = 0;
  // Coverage of these views now, for display; stays on the device. Valid until the next call of this.
  virtual DevicePictures pictures(std::span<const PictureWish> wishes, double sigma) = 0;
  // Loss and dLoss/dposition of the whole objective at the present positions, without a step; for tests.
  virtual DeviceMetrics gradient(const DeviceStep& step, std::vector<Vec3<float>>& gradient) = 0;

  // Queues iterations and returns; waits first if earlier ones are not finished. `measure`: the metrics of the last one
  // are queued behind it, so that they come along with what finish() waits for.
  virtual void run(std::span<const DeviceStep> steps, bool measure = true) = 0;
  // Waits for what was queued: only how far it came is read back, and the metrics if they were asked for.
  virtual DeviceProgress finish() = 0;
  // After what was queued, waiting for it. finish() must have been called.
  virtual DeviceState state() = 0;
  // After the newest step with `keep` that was carried out since setMesh(); there must have been one.
  virtual DeviceState keptState() = 0;
  // Of the newest iteration, with the views, mesh and options it had; none when there is none or it broke down. Waits on
  // the device until it is asked for.
  virtual std::optional<DeviceMetrics> metrics() = 0;
  virtual std::vector<float> vertexGradient() = 0;  // |dL/dx| of the newest iteration
  // Makes normals for the present positions. Valid until the next call that changes the mesh.
  virtual DeviceGeometry geometry() = 0;

  // Counts what `gradient` of this step works on. Takes long.
  virtual DeviceWork work(const DeviceStep& step) = 0;

  virtual std::size_t memoryInUse() const = 0;  // bytes
  virtual int viewsAtOnce() const = 0;          // fewer than a step's views when memory is short
};

// Is there a graphics card that iterations can run on? `reason` is one sentence that says why not.
struct CudaStatus {
  bool available = false;
  std::string reason, name;              // name of the card, when there is one
  std::size_t memory = 0, freeMemory = 0;  // bytes
};
CudaStatus probeCuda();

// Throws Error when probeCuda() says no. All functions of the result throw Error when the card fails; then its state is
// lost, and the fit goes on from the newest state() the caller has kept.
std::unique_ptr<DeviceIteration> makeCudaIteration();

// What a fit of this size takes on a device, to begin with: parts of outlines get more room when they need it.
struct DevicePrediction {
  std::size_t bytes = 0;
  int viewsAtOnce = 0;  // 0: it does not fit; `bytes` are then those of one view after the other
};
// For steps of so many views, with so many bytes free on the device (0: as many as are wanted).
DevicePrediction predictDeviceMemory(const Topology& topology, std::span<const Camera> cameras, const DeviceOptions& options,
                                     int stepViews, std::size_t freeBytes = 0);

}  // namespace penumbra
