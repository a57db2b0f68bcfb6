// Iterations a second on the graphics card, their parts, memory, and every kernel against what memory allows.
// Gauss-Newton steps too: each is waited for, and begins where the sphere is far from the masks.
// usage: cuda_bench [--quick] [--kernels-only] | --memory
//
// Times are those of CUDA's events on the stream of the iterations. Parts and kernels are timed launch by launch, without the
// graph, each between two events: their sum is longer than an iteration, whose launches follow each other without a gap.
// "bound" is the time that renderer/cuda/kernel_bounds.h allows a kernel's launches at least: by bytes at the speed of a copy
// within the card, measured here, or by operations at the rate of its lanes and clock; "times" is how far above it they are.
// Needs a card: says so and exits with 77 without one; --memory does not, it prints the memory predicted for many sizes.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "optim/fit/start_shapes.h"
#include "optim/hull/device_grid.h"
#include "optim/newton/thin_plate.h"
#include "optim/targets/soft_target.h"
#include "optim/targets/targets.h"
#include "renderer/cuda/atomic.h"
#include "renderer/cuda/cuda_iteration.h"
#include "renderer/cuda/kernel_bounds.h"
#include "renderer/error.h"
#include "tests/bench/coverage_batch.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

constexpr int kSkipped = 77;

// A timed stretch of a stream.
class Stopwatch {
 public:
  explicit Stopwatch(const device::CudaApi& api) : api_(api) {
    device::checkCuda(api_, api_.eventCreateTimed(&from_), "cudaEventCreate");
    device::checkCuda(api_, api_.eventCreateTimed(&to_), "cudaEventCreate");
  }
  ~Stopwatch() {
    api_.eventDestroy(from_);
    api_.eventDestroy(to_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  void start(void* stream) { device::checkCuda(api_, api_.eventRecord(from_, stream), "cudaEventRecord"); }
  void stop(void* stream) { device::checkCuda(api_, api_.eventRecord(to_, stream), "cudaEventRecord"); }
  double milliseconds() const {
    float ms = 0;
    device::checkCuda(api_, api_.eventWait(to_), "cudaEventSynchronize");
    device::checkCuda(api_, api_.eventElapsed(&ms, from_, to_), "cudaEventElapsedTime");
    return double(ms);
  }

 private:
  const device::CudaApi& api_;
  void *from_ = nullptr, *to_ = nullptr;
};

// A table of CUDA functions that times each launch, and launches at once where a graph would be recorded. One at a time.
class Profiler {
 public:
  struct Launches {
    double milliseconds = 0, threads = 0;
    int count = 0;
    std::vector<double> each;  // threads
  };

  explicit Profiler(const device::CudaApi& real) : real_(real), table_(real) {
    self() = this;
    table_.launch = launch;
    table_.captureBegin = [](void*) { return 0; };
    table_.captureEnd = [](void*, void** graph) { *graph = self(); return 0; };
    table_.graphInstantiate = [](void** executable, void*) { *executable = self(); return 0; };
    table_.graphLaunch = [](void*, void*) { return 0; };
    table_.graphDestroy = table_.executableDestroy = [](void*) { return 0; };
  }
  ~Profiler() { self() = nullptr; }
  const device::CudaApi& table() const { return table_; }
  void forget() { timed_.clear(); }
  std::map<std::string, Launches> byKernel() const {
    std::map<std::string, Launches> result;
    for (const Timed& t : timed_) {
      Launches& l = result[t.name];
      ++l.count;
      l.each.push_back(t.threads);
      l.milliseconds += t.watch->milliseconds();
      l.threads += t.threads;
    }
    return result;
  }

 private:
  struct Timed {
    std::string name;
    double threads;
    std::unique_ptr<Stopwatch> watch;
  };
  static Profiler*& self() {
    static Profiler* one = nullptr;
    return one;
  }
  static int launch(const char* name, const void* kernel, unsigned blocks, unsigned threads, void** arguments, void* stream) {
    Profiler& p = *self();
    const double count = double(*static_cast<const device::Index*>(arguments[1]));
    p.timed_.push_back({name, count, std::make_unique<Stopwatch>(p.real_)});
    p.timed_.back().watch->start(stream);
    const int code = p.real_.launch(name, kernel, blocks, threads, arguments, stream);
    p.timed_.back().watch->stop(stream);
    return code;
  }

  const device::CudaApi& real_;
  device::CudaApi table_;
  std::vector<Timed> timed_;
};

// Masks of a smooth sphere for the bumpy one to be fitted to.
struct Case {
  Batch batch;
  std::vector<Mask> masks;
  std::vector<SoftTarget> targets;
  DeviceOptions options;

  Case(CoverageModel model, int views, int size, int level) : batch(model, 1e-4, views, size, level) {
    ThreadPool pool(0);
    const Batch smooth(model, 1e-4, views, 16, 4, 0);
    Mesh mesh{smooth.positions, smooth.topology.faces};
    std::vector<Camera> cameras;
    for (const auto& view : batch.views) cameras.emplace_back(view.camera);
    masks = renderHardMasks(mesh, cameras, pool);
    for (const Mask& mask : masks) targets.push_back(makeSoftTarget(mask));
    options.coverage = model;
    options.largestSigma = 1e-4;
  }
  void load(DeviceIteration& iteration) const {
    std::vector<DeviceViewInput> inputs;
    for (std::size_t v = 0; v < masks.size(); ++v)
      inputs.push_back({Camera(batch.views[v].camera), targets[v].distance.pixels, masks[v].pixels, targets[v].normaliser});
    iteration.setOptions(options);
    iteration.setViews(inputs, true);
    place(iteration);
  }
  void place(DeviceIteration& iteration) const { iteration.setMesh(batch.topology, {batch.positions, {}, {}}); }
  static std::vector<DeviceStep> steps(int count) {
    std::vector<DeviceStep> result;
    for (int i = 0; i < count; ++i) result.push_back({1e-4, 1e-3, i + 1, {}});
    return result;
  }
};

// Milliseconds of one whole iteration.
double iterationTime(const device::CudaApi& api, DeviceIteration& iteration) {
  iteration.run(Case::steps(20));
  iteration.finish();
  void* const stream = iteration.geometry().stream;
  Stopwatch watch(api);
  int count = 8;
  for (double ms = 0;; count *= 2) {
    watch.start(stream);
    iteration.run(Case::steps(count), false);
    watch.stop(stream);
    if (iteration.finish().done != count) throw Error(ExitCode::Internal, "The fit broke down.");
    ms = watch.milliseconds();
    if (ms > 200 || count == 256) return ms / count;
  }
}

enum Part { kForward, kBackward, kStep };
Part partOf(const std::string& kernel) {
  static const char* const kBackwards[] = {"softRasLoss", "softRasPull", "contourPixels", "collectPulls", "pull", "Pull"};
  static const char* const kSteps[] = {"dense", "chebyshev", "adam", "moveVertices", "commitPositions", "finishIteration", "squareGradient",
                                       "addChunks", "addAll", "faceNormals", "Differences", "normalConsistency", "gatherFaces", "laplacian", "edgeLength"};
  for (const char* name : kBackwards)
    if (kernel.find(name) != std::string::npos) return kBackward;
  for (const char* name : kSteps)
    if (kernel.find(name) != std::string::npos) return kStep;
  return kForward;
}

// Operations a second: lanes that round one each a cycle. Kernels are compiled without fused multiply-adds.
struct Rates {
  double floats, doubles;
};
Rates peakRates(const device::CudaDeviceInfo& info) {
  struct Lanes {
    int capability, floats, doubles;  // a multiprocessor of this and later ones
  };
  constexpr Lanes kLanes[] = {{75, 64, 2}, {80, 64, 32}, {86, 128, 2}, {90, 128, 64}, {103, 128, 2}};
  Rates rates{};
  for (const Lanes& lanes : kLanes)
    if (10 * info.major + info.minor >= lanes.capability)
      rates = {lanes.floats * info.processors * info.hertz, lanes.doubles * info.processors * info.hertz};
  return rates;
}

// Bytes a second of a copy within the card, read and written.
double peakBandwidth(const device::CudaApi& api) {
  constexpr std::size_t kBytes = std::size_t(256) << 20;
  void *from = nullptr, *to = nullptr, *stream = nullptr;
  device::checkCuda(api, api.streamCreate(&stream), "cudaStreamCreate");
  device::checkCuda(api, api.allocate(&from, kBytes), "cudaMalloc");
  device::checkCuda(api, api.allocate(&to, kBytes), "cudaMalloc");
  double best = 1e9;
  for (int run = 0; run < 10; ++run) {
    Stopwatch watch(api);
    watch.start(stream);
    device::checkCuda(api, api.copy(to, from, kBytes, device::CudaCopy::DeviceToDevice, stream), "cudaMemcpy");
    watch.stop(stream);
    best = std::min(best, watch.milliseconds());
  }
  api.release(from);
  api.release(to);
  api.streamDestroy(stream);
  return 2 * double(kBytes) / (best * 1e-3);
}

// One iteration, launch by launch, the fastest of some.
std::map<std::string, Profiler::Launches> profile(const Case& c) {
  Profiler profiler(*device::cudaRuntime());
  const auto iteration = device::makeCudaIteration(profiler.table());
  c.load(*iteration);
  std::map<std::string, Profiler::Launches> best;
  double bestSum = 1e9;
  for (int run = 0; run < 6; ++run) {
    c.place(*iteration);  // forgets the recording, so that the launches are made again
    profiler.forget();
    iteration->run(Case::steps(1));
    iteration->finish();
    const auto now = profiler.byKernel();
    double sum = 0;
    for (const auto& [name, l] : now) sum += l.milliseconds;
    if (run > 0 && sum < bestSum) best = now, bestSum = sum;  // the first finds out how much room is needed
  }
  return best;
}

void printRow(CoverageModel model, int size, int level) {
  const Case c(model, 24, size, level);
  const auto iteration = makeCudaIteration();
  c.load(*iteration);
  const double ms = iterationTime(*device::cudaRuntime(), *iteration);
  double parts[3] = {};
  for (const auto& [name, l] : profile(c)) parts[partOf(name)] += l.milliseconds;
  std::printf("%-8s %5d %7d %9.0f %9.3f | %9.3f %9.3f %9.3f | %9.1f %5d\n", model == CoverageModel::Contour ? "contour" : "softras", size,
              int(c.batch.topology.faces.size()), 1000 / ms, ms, parts[kForward], parts[kBackward], parts[kStep],
              double(iteration->memoryInUse()) / 1e6, iteration->viewsAtOnce());
  std::fflush(stdout);
}

void printTable(bool quick) {
  std::printf("24 views      size   faces      it/s     ms/it |   forward  backward      step |        MB views at once\n");
  for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas})
    for (const int size : {64, 128, 256, 512, 1024})
      for (const int level : {3, 4, 5, 6, 7}) {
        if (quick && (size > 256 || level > 5)) continue;
        try {
          printRow(model, size, level);
        } catch (const Error& error) {
          std::printf("%d px, level %d: %s\n", size, level, error.what());
        }
      }
}

// The least time of a kernel's launches, and what sets it.
struct Bound {
  double milliseconds = 0;
  const char* by = "?";
};
Bound boundOf(const std::string& kernel, const Profiler::Launches& l, const DeviceWork& work, double bandwidth, const Rates& rates) {
  const device::KernelBound* known = device::kernelBound(kernel);
  if (!known) return {};
  double bytes = 0, operations = 0;  // seconds
  for (const double threads : l.each) {
    const device::Traffic t = known->of(work, threads);
    bytes += t.bytes() / bandwidth;
    operations += std::max(t.floats / rates.floats, t.doubles / rates.doubles);
  }
  return {1e3 * std::max(bytes, operations), bytes >= operations ? "bytes" : "operations"};
}

using Kernels = std::map<std::string, Profiler::Launches>;

// `workOf`: of a kernel's name.
template <class WorkOf>
void printKernels(const Kernels& kernels, const WorkOf& workOf, double bandwidth, const Rates& rates) {
  std::vector<std::pair<std::string, Profiler::Launches>> rows(kernels.begin(), kernels.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.milliseconds > b.second.milliseconds; });
  std::printf("%-22s %8s %12s %10s %10s %8s  %s\n", "kernel", "launches", "threads", "us", "bound us", "times", "by");
  double sum = 0, least = 0;
  for (const auto& [name, l] : rows) {
    const Bound bound = boundOf(name, l, workOf(name), bandwidth, rates);
    std::printf("%-22s %8d %12.0f %10.2f %10.2f %8.1f  %s\n", name.c_str(), l.count, l.threads, 1000 * l.milliseconds, 1000 * bound.milliseconds,
                l.milliseconds / bound.milliseconds, bound.by);
    sum += l.milliseconds;
    least += bound.milliseconds;
  }
  std::printf("%-22s %8s %12s %10.2f %10.2f %8.1f\n", "all", "", "", 1000 * sum, 1000 * least, sum / least);
}

void printIteration(CoverageModel model, int size, int level, double bandwidth, const Rates& rates) {
  const Case c(model, 24, size, level);
  const auto kernels = profile(c);
  const auto counted = makeCudaIteration();
  c.load(*counted);
  const DeviceWork work = counted->work(Case::steps(1)[0]);
  std::printf("\nkernels of one iteration, %s, 24 x %d^2, %d faces; a copy moves %.0f GB/s\n", model == CoverageModel::Contour ? "contour" : "softras",
              size, int(c.batch.topology.faces.size()), bandwidth / 1e9);
  printKernels(kernels, [&](const std::string&) { return work; }, bandwidth, rates);
}

// Gauss-Newton steps of the same case.
struct NewtonCase {
  static constexpr int kSteps = 4;  // from the start
  Case base;
  ThinPlate plate;

  NewtonCase(int views, int size, int level) : base(CoverageModel::Contour, views, size, level), plate(base.batch.topology) {}
  void load(DeviceNewton& newton) const {
    std::vector<DeviceNewtonView> views;
    for (std::size_t v = 0; v < base.masks.size(); ++v)
      views.push_back({Camera(base.batch.views[v].camera), base.targets[v].distance.pixels, base.masks[v].pixels});
    newton.setViews(views);
    place(newton);
  }
  void place(DeviceNewton& newton) const {
    newton.setMesh(base.batch.topology, base.batch.positions, plate.onDevice());
  }
};

// Milliseconds of a step, by the host's clock; the mesh is put back where it began every kSteps steps, not timed.
double stepTime(const NewtonCase& c, DeviceNewton& newton) {
  double seconds = 0;
  int steps = 0;
  for (int round = 0; seconds < 0.3 && round < 100; ++round) {
    c.place(newton);
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < NewtonCase::kSteps; ++i) newton.step({});
    if (round == 0) continue;  // finds out how much room is needed
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    steps += NewtonCase::kSteps;
  }
  return 1000 * seconds / steps;
}

void printNewton(bool quick) {
  std::printf("\nGauss-Newton  views   size vertices   steps/s   ms/step        MB\n");
  for (const int level : {4, 5, 6}) {
    if (quick && level > 5) continue;
    const NewtonCase c(16, 512, level);
    const auto newton = makeCudaNewton();
    c.load(*newton);
    const double ms = stepTime(c, *newton);
    std::printf("newton        %5d %6d %8d %9.0f %9.3f %9.1f\n", 16, 512, c.base.batch.topology.vertexCount, 1000 / ms, ms,
                double(newton->memoryInUse()) / 1e6);
    std::fflush(stdout);
  }
}

// A step from the start, launch by launch. Launches of the solver after it has converged do nothing: their bounds are too
// high.
void printNewtonKernels(int level, double bandwidth, const Rates& rates) {
  const NewtonCase c(16, 512, level);
  Profiler profiler(*device::cudaRuntime());
  const auto newton = device::makeCudaNewton(profiler.table());
  Kernels best;
  double bestSum = 1e9;
  for (int run = 0; run < 6; ++run) {
    c.load(*newton);  // forgets the recording, so that the launches are made again
    profiler.forget();
    newton->step({});
    const Kernels now = profiler.byKernel();
    double sum = 0;
    for (const auto& [name, l] : now) sum += l.milliseconds;
    if (run > 0 && sum < bestSum) best = now, bestSum = sum;  // the first finds out how much room is needed
  }
  std::printf("\nkernels of one Gauss-Newton step, 16 x 512^2, %d vertices\n", c.base.batch.topology.vertexCount);
  const DeviceWork work = newton->work();
  printKernels(best, [&](const std::string&) { return work; }, bandwidth, rates);
}

// The first stages of a hull of 128 steps.
void printHull(int views, int size, double bandwidth, const Rates& rates) {
  ThreadPool pool(0);
  FitOptions options;
  options.views = views;
  options.size = size;
  options.heldOutViews = 0;
  const ViewSet set = makeViewSet(torusMesh(96, 48), "torus", options, pool);
  const HullField field(set.train, 1.1, false, pool);
  Profiler profiler(*device::cudaRuntime());
  const auto hull = device::makeCudaHull(profiler.table());
  DeviceWork outlines;
  for (int run = 0; run < 2; ++run) {  // the first loads the kernels
    profiler.forget();
    signedDistances(set.train, *hull);
    outlines = hull->work();
    sampleHull(field, 128, *hull, pool);
  }
  std::printf("\nkernels of a hull's distances and grid, %d x %d^2, 128 steps\n", views, size);
  const auto workOf = [&](const std::string& name) { return name.find("utline") != std::string::npos ? outlines : hull->work(); };
  printKernels(profiler.byKernel(), workOf, bandwidth, rates);
}

// Views of one size around a sphere of so many faces; all views of a step at once.
void printMemory() {
  std::printf("memory on the card, MB, predicted: all views at once / one after the other\n%-8s %6s %6s", "model", "views", "size");
  constexpr int kLevels[] = {4, 7, 9};
  std::vector<Topology> meshes;
  for (const int level : kLevels) {
    const Mesh ball = icosphere(level);
    meshes.push_back(buildTopology(int(ball.positions.size()), ball.faces));
    std::printf(" %21d", int(ball.faces.size()));
  }
  std::printf(" faces\n");
  for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas})
    for (const auto& [views, size] : {std::pair{1, 256}, {24, 256}, {24, 1024}, {100, 512}, {1000, 512}, {1000, 4096}}) {
      DeviceOptions options;
      options.coverage = model;
      Camera camera;
      camera.width = camera.height = size;
      camera.fx = camera.fy = size;
      const std::vector<Camera> cameras(static_cast<std::size_t>(views), camera);
      std::printf("%-8s %6d %4d^2", model == CoverageModel::Contour ? "contour" : "softras", views, size);
      for (const Topology& mesh : meshes) {
        DeviceOptions frugal = options;
        frugal.memoryLimit = 1;
        std::printf("   %8.0f / %7.0f", double(predictDeviceMemory(mesh, cameras, options, views).bytes) / 1e6,
                    double(predictDeviceMemory(mesh, cameras, frugal, views).bytes) / 1e6);
      }
      std::printf("\n");
    }
}

int run(bool quick, bool kernelsOnly) {
  const CudaStatus status = probeCuda();
  if (!status.available) {
    std::printf("No graphics card to measure: %s\n", status.reason.c_str());
    return kSkipped;
  }
  int driver = 0;
  device::checkCuda(*device::cudaRuntime(), device::cudaRuntime()->driverVersion(&driver), "cudaDriverGetVersion");
  std::printf("%s, %.1f GB, driver for CUDA %d.%d\n", status.name.c_str(), double(status.memory) / 1e9, driver / 1000, driver % 1000 / 10);
  if (!kernelsOnly) printTable(quick), printNewton(quick);
  const double peak = peakBandwidth(*device::cudaRuntime());
  device::CudaDeviceInfo info{};
  device::checkCuda(*device::cudaRuntime(), device::cudaRuntime()->deviceInfo(0, &info), "cudaGetDeviceProperties");
  const Rates rates = peakRates(info);
  printIteration(CoverageModel::Contour, 256, 4, peak, rates);
  printIteration(CoverageModel::Contour, quick ? 256 : 1024, quick ? 5 : 6, peak, rates);
  printIteration(CoverageModel::SoftRas, 256, 4, peak, rates);
  printNewtonKernels(quick ? 4 : 5, peak, rates);
  printHull(64, 256, peak, rates);
  return 0;
}

}  // namespace
}  // namespace penumbra

int main(int count, char** arguments) try {
  bool quick = false, kernelsOnly = false;
  for (int i = 1; i < count; ++i) {
    quick |= std::strcmp(arguments[i], "--quick") == 0;
    kernelsOnly |= std::strcmp(arguments[i], "--kernels-only") == 0;
    if (std::strcmp(arguments[i], "--memory") == 0) return penumbra::printMemory(), 0;
  }
  return penumbra::run(quick, kernelsOnly);
} catch (const penumbra::Error& error) {
  std::printf("%s\n", error.full().c_str());
  return 1;
}
