// DeviceIteration for any executor: what is launched in which order, on which buffers.
//
// Views of a step are rendered in groups of `slots_`, as many as memory allows; their pulls are added group after
// group. Launches of one iteration are recorded once and played again until a buffer or an option changes.
#pragma once
#include "renderer/cuda/measure_executor.h"
#include "renderer/cuda/metrics_pass.h"
#include "renderer/cuda/picture_kernels.h"
#include "renderer/cuda/softras_pass.h"
#include "renderer/cuda/step_buffers.h"
#include "renderer/cuda/step_pass.h"

namespace penumbra::device {

template <class Executor>
class Iteration : public DeviceIteration {
 public:
  explicit Iteration(Executor executor) : executor_(std::move(executor)) {}

  void setViews(std::span<const DeviceViewInput> views, bool soft) override {
    putBy();
    viewStore_.set(executor_, views, soft);
    mostSlots_ = kAnySlots;
    views_.clear();
    for (const auto& view : views)
      views_.push_back({view.camera.width, view.camera.height, float(1 / view.normaliser)});
    ready_ = false;
  }
  void setMesh(const Topology& topology, const DeviceState& state) override {
    putBy();
    if (topologyId_ != topology.id) {
      mesh_.set(executor_, topology, state.positions);
      around_.set(executor_, topology);
      topologyId_ = topology.id;
      smoothLambda_ = -1;
      mostSlots_ = kAnySlots;
      ready_ = false;
    } else {
      mesh_.positions().upload(executor_, state.positions);
    }
    stepPass_.setMoments(executor_, mesh_.view().vertexCount, state.moment1, state.moment2);
    recording_.forget();
    if (ready_) clearTrouble(0);
  }
  void setOptions(const DeviceOptions& options) override {
    if (options == options_) return;
    putBy();
    options_ = options;
    ready_ = false;
  }

  std::vector<float> coverage(int view, double sigma) override {
    putBy();
    DeviceStep step;
    step.sigma = sigma;
    step.views = {view};
    prepare({&step, 1});
    do renderAlpha(step);
    while (grew());
    const ViewInfo& size = views_[std::size_t(view)];
    return unpadded(alpha_.download(blocksFor(size.width) * size.height * kBlock), size);
  }
  DevicePictures pictures(std::span<const PictureWish> wishes, double sigma) override {
    putBy();
    DeviceStep step;
    step.sigma = sigma;
    step.views = {0};
    if (wishes.empty()) return {};
    prepare({&step, 1});
    DevicePictures result = layOut(wishes);
    pictureValues_.allocate(executor_, Index(result.count));
    while (!renderPictures(result, step)) {
    }
    result.values = pictureValues_.data();
    result.stream = executor_.stream();
    return result;
  }

  DeviceMetrics gradient(const DeviceStep& step, std::vector<Vec3<float>>& gradient) override {
    putBy();
    prepare({&step, 1});
    do {
      upload({&step, 1});
      launchGradient();
    } while (grew());
    gradient = buffers_.gradient.download(mesh_.view().vertexCount);
    queueMetrics(step, buffers_.gradient);
    counters();
    return metrics_.values(contextOf(step));
  }

  DeviceWork work(const DeviceStep& step) override {
    putBy();
    prepare({&step, 1});
    const MeshView mesh = mesh_.view();
    DeviceWork result;
    do {
      upload({&step, 1});
      result = {double(mesh.vertexCount), double(mesh.faceCount), double(mesh.edgeCount)};
      for (int group = 0; group * slots_ < stepViews_; ++group) launchCounted(group, result);
    } while (grew());
    return result;
  }

  void run(std::span<const DeviceStep> steps, bool measure = true) override {
    settle();
    waiting_.assign(steps.begin(), steps.end());
    measure_ = measure;
    prepare(steps);
    queued_ = 0;
    total_ = {};
    queueRest();
  }
  DeviceProgress finish() override {
    while (!waiting_.empty()) {
      Counters c = counters();
      if (c.trouble & kTooSmall) {
        if (makeRoom(c)) {
          clearTrouble(c.iteration);
          queueFrom(c.iteration);
        } else {
          total_.done += c.iteration;
          waiting_.erase(waiting_.begin(), waiting_.begin() + c.iteration);
          queueRest();
        }
        continue;
      }
      total_.done += c.iteration;
      if (c.trouble) {
        total_.reason = c.trouble & kNotFinite ? "the objective or a vertex was not finite" : "a vertex left the scene";
        waiting_.clear();
      } else if (last()) {
        measurable_ = waiting_.back();
        if (measure_) total_.last = metrics_.values(contextOf(*measurable_));
      }
      waiting_.erase(waiting_.begin(), waiting_.begin() + std::min(queued_, int(waiting_.size())));
      queueRest();
    }
    return std::exchange(total_, {});
  }

  DeviceState state() override {
    settle();
    return stepPass_.state(mesh_.positions());
  }
  DeviceState keptState() override {
    settle();
    return stepPass_.kept();
  }
  std::optional<DeviceMetrics> metrics() override {
    putBy();
    return metrics_.kept();
  }
  std::vector<float> vertexGradient() override {
    settle();
    std::vector<float> result;
    for (const Vec3<float>& g : lastGradient_.download(mesh_.view().vertexCount)) result.push_back(glm::length(g));
    return result;
  }
  DeviceGeometry geometry() override {
    buffers_.normals.allocate(executor_, mesh_.view().vertexCount);  // it may be a new mesh
    executor_.launch("vertexNormals", VertexNormals{mesh_.view(), around_.view(), buffers_.normals.data()},
                     mesh_.view().vertexCount);
    return {mesh_.positions().data(), buffers_.normals.data(), mesh_.view().vertexCount, executor_.stream()};
  }
  std::size_t memoryInUse() const override {
    return mesh_.bytes() + around_.bytes() + viewStore_.bytes() + contour_.bytes() + softRas_.bytes() +
           meshPass_.bytes() + smooth_.bytes() + stepPass_.bytes() + metrics_.bytes() + buffers_.bytes() +
           lastGradient_.bytes() + alpha_.bytes() + pictureValues_.bytes() + pictureRecords_.bytes();
  }
  int viewsAtOnce() const override { return slots_; }

  // Allocates for steps of so many views; the most bytes in use on the way. For MeasureExecutor.
  std::size_t predict(int stepViews) {
    DeviceStep step;
    step.sigma = options_.largestSigma;
    step.views.resize(std::size_t(stepViews));
    prepare({&step, 1});
    return executor_.most();
  }

 private:
  static constexpr int kAnySlots = 1 << 30;
  static constexpr Index kAlphaPixels = 1 << 24;  // of pictures rendered together, for one view at least

  template <class Use>
  auto withModel(const Use& use) {
    return options_.coverage == CoverageModel::Contour ? use(contour_) : use(softRas_);
  }
  // Earlier iterations come first; what they said is not asked for any more.
  void settle() {
    if (!waiting_.empty()) finish();
  }
  // The same; and what there is to tell of the newest iteration stays known, whatever is overwritten or exchanged now.
  void putBy() {
    settle();
    if (!measurable_) return;
    metrics_.keep(executor_, meshPass_, lastGradient_, buffers_.viewSums.data(), contextOf(*measurable_));
    measurable_.reset();
  }
  int viewsOf(const DeviceStep& step) const { return step.views.empty() ? viewStore_.count() : int(step.views.size()); }
  float reach() const {
    return float(kProfileReach * std::sqrt(options_.largestSigma)) * viewStore_.extent().pixelsPerNdc;
  }

  // Buffers for these steps, if those there are do not fit.
  void prepare(std::span<const DeviceStep> steps) {
    int stepViews = 1;
    for (const DeviceStep& step : steps) {
      stepViews = std::max(stepViews, viewsOf(step));
      if (step.sigma > options_.largestSigma * (1 + 1e-9))
        throw Error(ExitCode::Internal, "An iteration has a larger sigma than was announced.");
    }
    if (ready_ && stepViews <= stepViews_) return;
    if (viewStore_.count() == 0 || topologyId_ == 0)
      throw Error(ExitCode::Internal, "There is no mesh or no view on the device.");
    recording_.forget();
    stepViews_ = stepViews;
    metrics_.allocate(executor_, stepViews_);
    meshPass_.allocate(executor_, mesh_.view());
    lastGradient_.allocate(executor_, mesh_.view().vertexCount);
    if (options_.differential && smoothLambda_ != options_.lambda) {
      smooth_.prepare(executor_, around_.view(), around_.maxDegree(), mesh_.view().vertexCount, options_.lambda,
                      options_.denseVertices);
      smoothLambda_ = options_.lambda;
    }
    allocateGroups();
    ready_ = true;
  }
  // As many views at once as there is memory for.
  void allocateGroups() {
    if (options_.coverage == CoverageModel::Contour) softRas_ = {};
    else contour_ = {};
    const std::size_t held = buffers_.bytes() + contour_.bytes() + softRas_.bytes();  // used again, or given back
    const std::size_t limit = options_.memoryLimit ? options_.memoryLimit : (executor_.available() + held) / 10 * 9;
    for (slots_ = std::min(stepViews_, mostSlots_);; slots_ = (slots_ + 1) / 2) {
      const bool last = slots_ == 1;
      try {
        if (!last && groupBytes(slots_) > limit) continue;
        buffers_.allocate(executor_, mesh_.view().vertexCount, slots_, stepViews_);
        withModel([&](auto& pass) { pass.allocate(executor_, mesh_.view(), viewStore_.extent(), slots_, reach()); });
        return;
      } catch (const Error& error) {
        if (error.code() != ExitCode::Memory || last) throw;
        contour_ = {};
        softRas_ = {};
        alpha_.clear();
        pictureValues_.clear();
      }
    }
  }
  std::size_t groupBytes(int slots) const {
    MeasureExecutor measure;
    StepBuffers<MeasureExecutor> buffers;
    ContourPass<MeasureExecutor> contour;
    SoftRasPass<MeasureExecutor> softRas;
    buffers.allocate(measure, mesh_.view().vertexCount, slots, stepViews_);
    if (options_.coverage == CoverageModel::Contour)
      contour.allocate(measure, mesh_.view(), viewStore_.extent(), slots, reach());
    else softRas.allocate(measure, mesh_.view(), viewStore_.extent(), slots, reach());
    return measure.most();
  }

  void upload(std::span<const DeviceStep> steps) {
    std::vector<IterationRecord> records;
    std::vector<int> views;
    for (const DeviceStep& s : steps) {
      const double unbias1 = 1 / (1 - std::pow(options_.beta1, s.optimizerStep)),
                   unbias2 = 1 / (1 - std::pow(options_.beta2, s.optimizerStep));
      const int count = viewsOf(s);
      records.push_back(
          {float(std::sqrt(s.sigma)), float(-s.learningRate * unbias1), float(std::sqrt(unbias2)), count, s.sigma});
      for (int i = 0; i < stepViews_; ++i)
        views.push_back(s.views.empty() ? std::min(i, count - 1) : s.views[std::size_t(std::min(i, count - 1))]);
    }
    executor_.upload(buffers_.table.data(), records.data(), sizeof(IterationRecord) * records.size());
    executor_.upload(buffers_.steps.data(), views.data(), sizeof(int) * views.size());
    clearTrouble(0);
  }
  void queueRest() {
    queued_ = std::min(int(waiting_.size()), kTableRows);
    if (queued_ == 0) return;
    upload({waiting_.data(), std::size_t(queued_)});
    queueFrom(0);
  }
  bool last() const { return queued_ == int(waiting_.size()); }  // nothing waits behind what is queued
  void queueFrom(int first) {
    measurable_.reset();
    metrics_.forget();
    for (int i = first; i < queued_; ++i) {
      executor_.play(recording_, [&] {
        launchGradient();
        launchStep();
      });
      if (waiting_[std::size_t(i)].keep) stepPass_.keep(executor_, mesh_.positions().data(), buffers_.counters.data());
    }
    if (measure_ && last()) queueMetrics(waiting_.back(), lastGradient_);
  }

  PassInput beginGroup(int group) {
    const VertexSums sums{buffers_.vertexSums.data(), buffers_.counters.data()};
    const PassInput in{mesh_.view(),
                       buffers_.slots.data(),
                       slots_,
                       viewStore_.targets(),
                       buffers_.counters.data(),
                       buffers_.anyBehind.data(),
                       buffers_.viewSums.data() + Index(group) * slots_,
                       sums,
                       float(options_.nearPlane),
                       Loss(options_.loss)};
    executor_.launch(
        "beginIteration",
        BeginIteration{buffers_.table.data(), buffers_.steps.data(), viewStore_.records(), buffers_.slots.data(),
                       buffers_.counters.data(), buffers_.anyBehind.data(), stepViews_, group * slots_},
        slots_);
    return in;
  }
  Index slotPixels() const { return Index(viewStore_.extent().blocks) * kBlock; }
  // Coverage of the step's views, at most slots_, into alpha_.
  void renderAlpha(const DeviceStep& step) {
    const Index wanted = slotPixels() * Index(step.views.size());
    if (alpha_.size() < wanted) alpha_.allocate(executor_, wanted);
    upload({&step, 1});
    const PassInput in = beginGroup(0);
    withModel([&](auto& pass) {
      pass.cover(executor_, in);
      pass.writeAlpha(executor_, in, alpha_.data());
    });
  }
  DevicePictures layOut(std::span<const PictureWish> wishes) const {
    DevicePictures result;
    for (const PictureWish& wish : wishes) {
      const ViewInfo& view = views_.at(std::size_t(wish.view));
      const PictureSize size = reducedSize({view.width, view.height}, wish.maxSide);
      result.list.push_back({wish, size.width, size.height, result.count});
      result.count += std::size_t(size.width) * std::size_t(size.height);
    }
    return result;
  }
  // So many pictures at once as there are slots and room for. False when buffers have grown: to be begun again.
  bool renderPictures(const DevicePictures& pictures, DeviceStep& step) {
    const Index together = std::clamp<Index>(kAlphaPixels / slotPixels(), 1, slots_), all = Index(pictures.list.size());
    std::vector<PictureRecord> records;
    int largest = 1;
    for (const DevicePicture& p : pictures.list) {
      records.push_back({int(Index(records.size()) % together), p.width, p.height, Index(p.offset)});
      largest = std::max(largest, p.width * p.height);
    }
    pictureRecords_.upload(executor_, records);
    for (Index first = 0; first < all; first += together) {
      const Index count = std::min(together, all - first);
      step.views.clear();
      for (Index i = 0; i < count; ++i) step.views.push_back(pictures.list[std::size_t(first + i)].wish.view);
      renderAlpha(step);
      if (grew()) return false;
      executor_.launch("reducePictures",
                       ReducePictures{buffers_.slots.data(), alpha_.data(), pictureRecords_.data() + first,
                                      pictureValues_.data(), viewStore_.extent().blocks, largest},
                       count * largest);
    }
    return true;
  }
  void launchCounted(int group, DeviceWork& work) {
    const PassInput in = beginGroup(group);
    withModel([&](auto& pass) {
      pass.cover(executor_, in);
      pass.countForward(counters().now, work);
      pass.lossAndPulls(executor_, in);
      pass.countBackward(work);
    });
    launchCollect(group, in);
    work.slots += slots_;
  }
  void launchCollect(int group, const PassInput& in) {
    executor_.launch("collectPulls",
                     CollectPulls{in.vertices, buffers_.table.data(), buffers_.gradient.data(),
                                  float(options_.silhouetteWeight), group == 0},
                     in.mesh.vertexCount);
  }
  // The objective's gradient at the present positions.
  void launchGradient() {
    const MeshView mesh = mesh_.view();
    for (int group = 0; group * slots_ < stepViews_; ++group) {
      const PassInput in = beginGroup(group);
      withModel([&](auto& pass) {
        pass.cover(executor_, in);
        pass.lossAndPulls(executor_, in);
      });
      launchCollect(group, in);
    }
    meshPass_.run(executor_, mesh, around_.view(), options_, buffers_.gradient.data());
  }
  void launchStep() {
    executor_.copy(lastGradient_.data(), buffers_.gradient.data(), buffers_.gradient.bytes());
    const StepInput in{mesh_.view(),
                       around_.view(),
                       buffers_.table.data(),
                       buffers_.counters.data(),
                       buffers_.gradient.data(),
                       mesh_.positions().data()};
    stepPass_.run(executor_, in, options_, smooth_);
  }

  Counters counters() {
    Counters c = buffers_.counters.download(1)[0];
    c.most.raise(c.now);
    return c;
  }
  void clearTrouble(int iteration) {
    Counters c{};
    c.iteration = iteration;
    executor_.upload(buffers_.counters.data(), &c, sizeof c);
  }
  // Enlarges what was too small. False when only fewer views at once leave room for it: then all buffers are new.
  bool makeRoom(const Counters& c) {
    recording_.forget();
    ready_ = false;  // stays so when all of this fails
    try {
      if (!withModel([&](auto& pass) { return pass.grow(executor_, c.most); }))
        throw Error(ExitCode::Internal, "A kernel asked for room that it has.");
      return ready_ = true;
    } catch (const Error& error) {
      if (error.code() != ExitCode::Memory || slots_ == 1) throw;
    }
    mostSlots_ = (slots_ + 1) / 2;
    contour_ = {};
    softRas_ = {};
    allocateGroups();
    ready_ = true;
    return false;
  }
  // After launches outside of a recording: was something too small, so that they must be made again?
  bool grew() {
    const Counters c = counters();
    if (c.trouble & kTooSmall) makeRoom(c);
    return c.trouble & kTooSmall;
  }
  void queueMetrics(const DeviceStep& step, const Buffer<Vec3<float>>& gradient) {
    metrics_.queue(executor_, meshPass_, gradient, buffers_.viewSums.data(), std::size_t(viewsOf(step)));
  }
  MetricsContext contextOf(const DeviceStep& step) const {
    return {options_, step, views_, around_.view().usedVertices, mesh_.view().edgeCount};
  }
  static std::vector<float> unpadded(const std::vector<float>& padded, const ViewInfo& size) {
    std::vector<float> result;
    const std::size_t stride = std::size_t(blocksFor(size.width)) * kBlock;
    for (int y = 0; y < size.height; ++y) {
      const auto row = padded.begin() + std::ptrdiff_t(std::size_t(y) * stride);
      result.insert(result.end(), row, row + size.width);
    }
    return result;
  }

  Executor executor_;
  DeviceOptions options_;
  MeshStore mesh_;
  AroundStore around_;
  ViewStore viewStore_;
  std::vector<ViewInfo> views_;
  ContourPass<Executor> contour_;
  SoftRasPass<Executor> softRas_;
  MeshPass<Executor> meshPass_;
  SmoothPass<Executor> smooth_;
  StepPass<Executor> stepPass_;
  MetricsPass<Executor> metrics_;
  StepBuffers<Executor> buffers_;
  Buffer<Vec3<float>> lastGradient_;
  Buffer<float> alpha_, pictureValues_;  // for display
  Buffer<PictureRecord> pictureRecords_;
  typename Executor::Recording recording_;
  std::uint64_t topologyId_ = 0;
  double smoothLambda_ = -1;
  bool ready_ = false, measure_ = false;
  int slots_ = 0, mostSlots_ = kAnySlots, stepViews_ = 0, queued_ = 0;
  std::vector<DeviceStep> waiting_;
  std::optional<DeviceStep> measurable_;  // the newest iteration, while its sums are where it left them
  DeviceProgress total_;
};

}  // namespace penumbra::device
