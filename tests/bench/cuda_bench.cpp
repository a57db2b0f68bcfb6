// Iterations a second on the graphics card, their parts, memory, and every kernel against what memory allows.
// usage: cuda_bench [--quick] [--kernels-only]
//
// Times are those of CUDA's events on the stream of the iterations. Parts and kernels are timed launch by launch, without the
// graph, each between two events: their sum is longer than an iteration, whose launches follow each other without a gap.
// "of peak" compares the bytes a kernel must move at least (below, only where they are known) with the speed of a copy
// within the card, measured here. Needs a card: says so and exits with 77 without one.
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "optim/targets/soft_target.h"
#include "optim/targets/targets.h"
#include "renderer/cuda/atomic.h"
#include "renderer/cuda/cuda_iteration.h"
#include "renderer/error.h"
#include "tests/bench/coverage_batch.h"

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
    int count = 0, order = 0;
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
      if (l.count++ == 0) l.order = int(result.size());
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
    iteration.run(Case::steps(count));
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

// Bytes a thread of the kernel must read and write at least; 0: depends on the scene.
double bytesOf(const std::string& kernel) {
  static const std::map<std::string, double> known = {
      {"adamMoments", 12 + 2 * 24.0}, {"adamStep", 24 + 12},   {"commitPositions", 24}, {"moveVertices", 12 + 12 + 12},
      {"squareGradient", 12 + 8},     {"collectPulls", 24 + 24 + 12}, {"denseProduct", 4 * 64 + 12}};
  const auto found = known.find(kernel);
  return found == known.end() ? 0 : found->second;
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

void printKernels(CoverageModel model, int size, int level, double peak) {
  const Case c(model, 24, size, level);
  const auto kernels = profile(c);
  std::vector<std::pair<std::string, Profiler::Launches>> rows(kernels.begin(), kernels.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.milliseconds > b.second.milliseconds; });
  std::printf("\nkernels of one iteration, %s, 24 x %d^2, %d faces; a copy moves %.0f GB/s\n", model == CoverageModel::Contour ? "contour" : "softras",
              size, int(c.batch.topology.faces.size()), peak / 1e9);
  std::printf("%-22s %8s %12s %10s %12s %8s\n", "kernel", "launches", "threads", "us", "ps/thread", "of peak");
  for (const auto& [name, l] : rows) {
    const double bytes = bytesOf(name) * l.threads, share = bytes / peak / (l.milliseconds * 1e-3);
    std::printf("%-22s %8d %12.0f %10.2f %12.1f", name.c_str(), l.count, l.threads, 1000 * l.milliseconds, 1e9 * l.milliseconds / l.threads);
    if (bytes > 0) std::printf(" %7.0f%%", 100 * share);
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
  if (!kernelsOnly) printTable(quick);
  const double peak = peakBandwidth(*device::cudaRuntime());
  printKernels(CoverageModel::Contour, 256, 4, peak);
  printKernels(CoverageModel::Contour, quick ? 256 : 1024, quick ? 5 : 6, peak);
  printKernels(CoverageModel::SoftRas, 256, 4, peak);
  return 0;
}

}  // namespace
}  // namespace penumbra

int main(int count, char** arguments) try {
  bool quick = false, kernelsOnly = false;
  for (int i = 1; i < count; ++i) {
    quick |= std::strcmp(arguments[i], "--quick") == 0;
    kernelsOnly |= std::strcmp(arguments[i], "--kernels-only") == 0;
  }
  return penumbra::run(quick, kernelsOnly);
} catch (const penumbra::Error& error) {
  std::printf("%s\n", error.full().c_str());
  return 1;
}
