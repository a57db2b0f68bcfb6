// DeviceIteration for any executor: what is launched in which order, on which buffers.
#pragma once
#include "renderer/cuda/contour_pass.h"

namespace penumbra::device {

template <class Executor> class Iteration : public DeviceIteration {
 public:
  explicit Iteration(Executor executor) : executor_(std::move(executor)) {}

  void setViews(std::span<const DeviceViewInput> views) override {
    std::vector<DeviceViewInput> copy(views.begin(), views.end());
    viewStore_.set(executor_, copy, options_.softTarget);
    ready_ = false;
  }
  void setMesh(const Topology& topology, const DeviceState& state) override {
    mesh_.set(executor_, topology, state.positions);
    ready_ = false;
  }
  void setOptions(const DeviceOptions& options) override {
    options_ = options;
    ready_ = false;
  }

  DeviceMetrics gradient(const DeviceStep& step, std::vector<Vec3<float>>& gradient) override {
    prepare();
    uploadSteps({&step, 1});
    const PassInput in = input();
    for (int tries = 0;; ++tries) {
      begin(in);
      contour_.outline(executor_, in);
      contour_.lossAndPulls(executor_, in);
      executor_.launch("collectPulls", CollectPulls{in.vertices, gradient_.data(), 1.0f / float(viewStore_.count()), 1}, in.mesh.vertexCount);
      if (!regrow()) break;
    }
    gradient = gradient_.download(in.mesh.vertexCount);
    return {};
  }
  std::vector<float> coverage(int view, double sigma) override {
    prepare();
    DeviceStep step;
    step.sigma = sigma;
    uploadSteps({&step, 1});
    const PassInput in = input();
    for (;;) {
      begin(in);
      contour_.outline(executor_, in);
      contour_.writeAlpha(executor_, in, alpha_.data());
      if (!regrow()) break;
    }
    const Index slotPixels = Index(viewStore_.extent().blocks) * kBlock;
    std::vector<float> padded = alpha_.download(slotPixels * viewStore_.count()), result;
    const ViewRecord record = viewRecord(view);
    for (int y = 0; y < record.camera.height; ++y)
      for (int x = 0; x < record.camera.width; ++x)
        result.push_back(padded[std::size_t(view * slotPixels + Index(y) * record.blocksPerRow * kBlock + x)]);
    return result;
  }
  void run(std::span<const DeviceStep>) override {}
  DeviceProgress finish() override { return {}; }
  DeviceState state() override { return {}; }
  std::vector<float> viewIoU() override { return {}; }
  std::size_t memoryInUse() const override { return contour_.bytes(); }

 private:
  ViewRecord viewRecord(int view) {
    ViewRecord r;
    executor_.download(&r, viewStore_.records() + view, sizeof r);
    return r;
  }
  bool regrow() {
    Counters c = counters_.download(1)[0];
    c.most.raise(c.now);
    const bool again = c.trouble & kTooSmall;
    if (again) contour_.grow(executor_, c.most);
    c.trouble = 0;
    executor_.upload(counters_.data(), &c, sizeof c);
    return again;
  }
  void begin(const PassInput&) {
    executor_.launch("beginIteration", BeginIteration{table_.data(), nullptr, viewStore_.records(), slots_.data(), counters_.data(), anyBehind_.data(), 0, 0}, viewStore_.count());
  }
  void uploadSteps(std::span<const DeviceStep> steps) {
    std::vector<IterationRecord> records;
    for (const DeviceStep& s : steps) {
      IterationRecord r{};
      r.sqrtSigma = float(std::sqrt(s.sigma));
      r.inverseSigma = 1 / s.sigma;
      r.slots = viewStore_.count();
      records.push_back(r);
    }
    table_.upload(executor_, records);
  }
  void prepare() {
    if (ready_) return;
    ready_ = true;
    const int n = viewStore_.count();
    slots_.allocate(executor_, n);
    anyBehind_.allocate(executor_, blocksFor(n));
    viewSums_.allocate(executor_, n);
    counters_.allocate(executor_, 1);
    counters_.fill(0);
    const MeshView mesh = mesh_.view();
    vertexSums_.allocate(executor_, 3 * mesh.vertexCount);
    vertexSums_.fill(0);
    gradient_.allocate(executor_, mesh.vertexCount);
    alpha_.allocate(executor_, Index(n) * viewStore_.extent().blocks * kBlock);
    const float reach = float(kProfileReach) * float(std::sqrt(options_.largestSigma)) * viewStore_.extent().pixelsPerNdc;
    contour_.allocate(executor_, mesh, viewStore_.extent(), n, reach);
  }
  PassInput input() {
    VertexSums sums{vertexSums_.data(), counters_.data(), 24};
    return {mesh_.view(), slots_.data(), viewStore_.count(), viewStore_.targets(), counters_.data(), anyBehind_.data(), viewSums_.data(), sums, float(options_.nearPlane), Loss(options_.loss)};
  }

  Executor executor_;
  DeviceOptions options_;
  MeshStore mesh_;
  ViewStore viewStore_;
  ContourPass<Executor> contour_;
  bool ready_ = false;
  Buffer<Slot> slots_;
  Buffer<std::uint32_t> anyBehind_;
  Buffer<ViewSums> viewSums_;
  Buffer<Counters> counters_;
  Buffer<std::int64_t> vertexSums_;
  Buffer<Vec3<float>> gradient_;
  Buffer<float> alpha_;
  Buffer<IterationRecord> table_;
};

}  // namespace penumbra::device
