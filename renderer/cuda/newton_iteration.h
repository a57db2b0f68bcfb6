// DeviceNewton for any executor: what a step launches in which order, on which buffers.
//
//   trace (unless the outlines of the mesh are there) -> terms -> system -> conjugate gradients -> guard -> trace at the
//   new place -> misfit there -> take the step or leave it
// All views have a slot of their own. Launches are recorded once and played again until a buffer changes; what changes
// from step to step is read from a record. A step for which a buffer was too small changes nothing and is made again.
#pragma once
#include "renderer/cuda/measure_executor.h"
#include "renderer/cuda/mesh_pass.h"
#include "renderer/cuda/newton_guard.h"
#include "renderer/cuda/outline_pass.h"
#include "renderer/device_newton.h"

namespace penumbra::device {

class PlateStore {
 public:
  void set(Memory& memory, const DevicePlate& plate) {
    start_.upload(memory, plate.start);
    neighbours_.upload(memory, plate.neighbours);
    centreStart_.upload(memory, plate.centreStart);
    centres_.upload(memory, plate.centres);
    inverseDegree_.upload(memory, plate.inverseDegree);
    diagonal_.upload(memory, plate.diagonal);
  }
  PlateView view() const {
    return {start_.data(), neighbours_.data(), centreStart_.data(), centres_.data(), inverseDegree_.data(), diagonal_.data()};
  }
  std::size_t bytes() const {
    return start_.bytes() + neighbours_.bytes() + centreStart_.bytes() + centres_.bytes() + inverseDegree_.bytes() +
           diagonal_.bytes();
  }

 private:
  Buffer<int> start_, neighbours_, centreStart_, centres_;
  Buffer<float> inverseDegree_, diagonal_;
};

// Sums of structs over pieces or vertices: by chunks, these by chunks again, whose few sums one thread adds. The bits do
// not depend on the room.
template <class Value>
class ChunkSums {
 public:
  void allocate(Memory& memory, Index size) {
    values_.allocate(memory, size);
    chunks_.allocate(memory, (size + kScanChunk - 1) / kScanChunk);
    tops_.allocate(memory, (chunks_.size() + kScanChunk - 1) / kScanChunk);
  }
  Value* values() const { return values_.data(); }
  const Value* tops() const { return tops_.data(); }
  Index topCount() const { return tops_.size(); }
  template <class Executor>
  void addChunks(Executor& executor, const char* kernel) {
    executor.launch(kernel, SumChunk<Value, Value>{values_.data(), values_.size(), chunks_.data()}, chunks_.size());
    executor.launch(kernel, SumChunk<Value, Value>{chunks_.data(), chunks_.size(), tops_.data()}, tops_.size());
  }
  std::size_t bytes() const { return values_.bytes() + chunks_.bytes() + tops_.bytes(); }

 private:
  Buffer<Value> values_, chunks_, tops_;
};

template <class Executor>
class NewtonIteration : public DeviceNewton {
 public:
  explicit NewtonIteration(Executor executor) : executor_(std::move(executor)) {}

  void setViews(std::span<const DeviceNewtonView> views) override {
    std::vector<DeviceViewInput> inputs;
    std::vector<std::uint8_t> kinds;
    for (const DeviceNewtonView& view : views) {
      inputs.push_back({view.camera, view.distance, view.mask, 1});
      kinds.push_back(std::uint8_t((view.pulls ? kPulls : 0) | (view.touchesFrame ? kTouchesFrame : 0)));
    }
    viewStore_.set(executor_, inputs, true);
    kinds_.upload(executor_, kinds);
    ready_ = traced_ = false;
  }
  void setMesh(const Topology& topology, std::span<const Vec3<float>> positions, const DevicePlate& plate) override {
    traced_ = false;
    if (topologyId_ == topology.id) return mesh_.positions().upload(executor_, positions);
    mesh_.set(executor_, topology, positions);
    around_.set(executor_, topology);
    plate_.set(executor_, plate);
    topologyId_ = topology.id;
    ready_ = false;
  }

  DeviceNewtonReport step(const DeviceNewtonSettings& settings) override {
    prepare(settings);
    upload(settings);
    for (;;) {
      if (!std::exchange(traced_, true)) {
        launchTrace(mesh_.view());
        launchCompare(0);
      }
      executor_.play(recording_, [&] { launchStep(); });
      progress_.downloadLater(progressThere_.data(), 1);
      pixels_.downloadLater(covered_.data(), std::size_t(2 * viewStore_.count()));
      const Counters c = counters();
      if (!(c.trouble & kTooSmall)) break;
      makeRoom(c);
    }
    const DeviceNewtonReport report = reportOf(progress_.values(1)[0]);
    traced_ = report.accepted;
    if (traced_) executor_.copy(covered_.data(), covered_.data() + viewStore_.count(), covered_.bytes() / 2);
    return report;
  }

  std::vector<Vec3<float>> positions() override { return mesh_.positions().download(mesh_.view().vertexCount); }
  std::vector<Vec3<float>> gradient() override { return gradient_.download(mesh_.view().vertexCount); }

  DeviceWork work() override {
    const MeshView mesh = mesh_.view();
    DeviceWork work{double(mesh.vertexCount), double(mesh.faceCount), double(mesh.edgeCount), double(viewStore_.count())};
    work.pixels = double(viewStore_.count()) * viewStore_.extent().blocks * kBlock;
    outline_.count(counters().now, work);
    return work;
  }
  std::size_t memoryInUse() const override {
    return mesh_.bytes() + around_.bytes() + plate_.bytes() + viewStore_.bytes() + kinds_.bytes() + outline_.bytes() +
           slots_.bytes() + anyBehind_.bytes() + counters_.bytes() + record_.bytes() + progressThere_.bytes() +
           covered_.bytes() + terms_.bytes() + coupled_.bytes() + entries_.bytes() + misfits_.bytes() + totals_.bytes() +
           counts_.bytes() + filled_.bytes() + starts_.bytes() + places_.bytes() + gradient_.bytes() + move_.bytes() + moved_.bytes() +
           bent_.bytes() + 6 * x_.bytes() + extra_.bytes() + inverse_.bytes() + dots_.bytes() + marked_.bytes();
  }

  // Allocates for steps; the most bytes in use on the way. For MeasureExecutor.
  std::size_t predict() {
    prepare({});
    return executor_.most();
  }

 private:
  void prepare(const DeviceNewtonSettings& settings) {
    if (viewStore_.count() == 0 || topologyId_ == 0)
      throw Error(ExitCode::Internal, "There is no mesh or no view on the device.");
    const Recorded now{settings.solverIterations, settings.halvings, float(settings.nearPlane)};
    if (ready_ && now == recorded_) return;
    recording_.forget();
    recorded_ = now;
    traced_ = false;
    if (!ready_) allocate();
    ready_ = true;
  }
  void allocate() {
    const Index views = viewStore_.count(), vertices = mesh_.view().vertexCount;
    slots_.allocate(executor_, views);
    anyBehind_.allocate(executor_, blocksFor(views));
    counters_.allocate(executor_, 1);
    counters_.fill(0);
    record_.allocate(executor_, 1);
    progressThere_.allocate(executor_, 1);
    progressThere_.fill(0);
    progress_.allocate(executor_, 1);
    covered_.allocate(executor_, 2 * views);
    pixels_.allocate(executor_, std::size_t(2 * views));
    outline_.allocate(executor_, mesh_.view(), viewStore_.extent(), int(views), kOutlineMargin);
    allocateTerms();
    totals_.allocate(executor_, std::max<Index>(vertices, mesh_.view().faceCount));
    dots_.allocate(executor_, vertices);
    counts_.allocate(executor_, vertices);
    filled_.allocate(executor_, vertices);
    starts_.allocate(executor_, vertices);
    places_.allocate(executor_, vertices);
    entryTotal_.allocate(executor_, 1);
    for (auto* buffer : {&gradient_, &move_, &moved_, &bent_, &x_, &r_, &z_, &p_, &q_, &u_}) buffer->allocate(executor_, vertices);
    extra_.allocate(executor_, vertices);
    inverse_.allocate(executor_, vertices);
    marked_.allocate(executor_, vertices);
  }
  void allocateTerms() {
    const Index pieces = outline_.room().pieces;
    terms_.allocate(executor_, pieces);
    coupled_.allocate(executor_, pieces);
    entries_.allocate(executor_, kTermVertices * pieces);
    misfits_.allocate(executor_, pieces);
  }
  // Enlarges what was too small.
  void makeRoom(const Counters& c) {
    recording_.forget();
    ready_ = traced_ = false;  // stays so when this fails
    if (!outline_.grow(executor_, c.most)) throw Error(ExitCode::Internal, "A kernel asked for room that it has.");
    allocateTerms();
    const Counters none{};
    executor_.upload(counters_.data(), &none, sizeof none);
    ready_ = true;
  }
  Counters counters() {
    Counters c = counters_.download(1)[0];
    c.most.raise(c.now);
    return c;
  }
  void upload(const DeviceNewtonSettings& s) {
    const NewtonRecord record{s.prior,
                              s.damping,
                              s.solverTolerance,
                              s.referenceEdge,
                              {float(s.clip), float(s.robust), float(s.lengthScale)},
                              float(s.maxEdges),
                              float(s.leastCosine)};
    executor_.upload(record_.data(), &record, sizeof record);
  }

  MeshView meshAt(const Vec3<float>* positions) const {
    MeshView mesh = mesh_.view();
    mesh.positions = positions;
    return mesh;
  }
  OutlineData outlineData() const { return outline_.outlineData(slots_.data(), counters_.data()); }
  TermLists lists() const { return {starts_.data(), counts_.data(), entries_.data()}; }
  SolveVectors vectors() const { return {x_.data(), r_.data(), z_.data(), p_.data(), q_.data(), u_.data(), dots_.values()}; }
  void total(Index count, double* result) { totals_.add(executor_, count, result); }

  void launchTrace(const MeshView& mesh) {
    const int views = viewStore_.count();
    executor_.launch("beginOutlines", BeginOutlines{viewStore_.records(), slots_.data(), counters_.data(), anyBehind_.data()},
                     views);
    executor_.launch("clearCells", ClearCells{outline_.cells()}, outline_.cellCount());
    outline_.trace(executor_, {mesh, slots_.data(), views, counters_.data(), anyBehind_.data(), recorded_.nearPlane});
  }
  // Pixels of all views against the masks; 0: of the mesh as it is, 1: where the step leads.
  void launchCompare(int place) {
    CoveredSums* const sums = covered_.data() + place * viewStore_.count();
    executor_.launch("clearCovered", ClearCovered{sums}, viewStore_.count());
    executor_.launch("compareMasks", CompareMasks{outlineData(), viewStore_.targets(), viewStore_.extent().blocks, sums},
                     Index(viewStore_.count()) * viewStore_.extent().blocks);
  }
  void launchMisfit(const MeshView& mesh, NewtonTerm* terms, MisfitSums* result) {
    executor_.launch(terms ? "makeTerms" : "measureMisfit",
                     MakeTerms{outlineData(), outline_.pieces(), viewStore_.targets(), kinds_.data(),
                               {mesh, recorded_.nearPlane}, record_.data(), terms, misfits_.values(), counts_.data()},
                     outline_.room().pieces);
    misfits_.addChunks(executor_, "sumMisfits");
    executor_.launch("addMisfits", SumTop<MisfitSums>{misfits_.tops(), misfits_.topCount(), result}, 1);
  }
  void launchStep() {
    NewtonProgress* const progress = progressThere_.data();
    counts_.fill(0);
    filled_.fill(0);
    launchMisfit(mesh_.view(), terms_.data(), &progress->here);
    launchSystem();
    launchSolve();
    launchGuard();
    const MeshView there = meshAt(moved_.data());
    launchTrace(there);
    launchCompare(1);
    launchMisfit(there, nullptr, &progress->there);
    executor_.launch("bendMoved", BendVertices{plate_.view(), moved_.data(), nullptr, totals_.values()}, there.vertexCount);
    total(there.vertexCount, &progress->bendingThere);
    executor_.launch("takeStep", TakeStep{moved_.data(), mesh_.positions().data(), counters_.data(), progress},
                     there.vertexCount);
  }
  void launchSystem() {
    const MeshView mesh = mesh_.view();
    NewtonProgress* const progress = progressThere_.data();
    executor_.launch("faceAreas", FaceAreas{mesh, totals_.values()}, mesh.faceCount);
    total(mesh.faceCount, &progress->doubleArea);
    executor_.launch("weighPrior", WeighPrior{record_.data(), progress, mesh.faceCount}, 1);
    executor_.launch("bendVertices", BendVertices{plate_.view(), mesh.positions, bent_.data(), totals_.values()},
                     mesh.vertexCount);
    total(mesh.vertexCount, &progress->bendingHere);
    places_.run(executor_, counts_.data(), entryTotal_.data());
    executor_.launch("placeTerms",
                     PlaceTerms{terms_.data(), places_.view(counts_.data()), filled_.data(), entries_.data()},
                     outline_.room().pieces);
    executor_.launch("sortTerms", SortTerms{places_.view(counts_.data()), entries_.data(), starts_.data()}, mesh.vertexCount);
    executor_.launch("gatherTerms",
                     GatherTerms{plate_.view(), lists(), terms_.data(), bent_.data(), record_.data(), progress,
                                 gradient_.data(), extra_.data(), inverse_.data(), totals_.values()},
                     mesh.vertexCount);
    total(mesh.vertexCount, &progress->squaredGradient);
  }
  void launchSteer(SolveStage stage) {
    dots_.addChunks(executor_, "sumDots");
    executor_.launch("steerSolve", SteerSolve{dots_.tops(), dots_.topCount(), record_.data(), progressThere_.data(), stage}, 1);
  }
  void launchSolve() {
    const Index vertices = mesh_.view().vertexCount;
    const NewtonProgress* const progress = progressThere_.data();
    executor_.launch("startSolve", StartSolve{vectors(), gradient_.data(), inverse_.data()}, vertices);
    launchSteer(SolveStage::Begin);
    for (int i = 0; i < recorded_.solverIterations; ++i) {
      if (i > 0) executor_.launch("turnSolve", TurnSolve{vectors(), progress}, vertices);
      executor_.launch("coupleTerms",
                       CoupleTerms{plate_.view(), vectors(), terms_.data(), coupled_.data(), progress, int(vertices)},
                       vertices + outline_.room().pieces);
      executor_.launch("applyMatrix",
                       ApplyMatrix{plate_.view(), vectors(), lists(), terms_.data(), coupled_.data(), extra_.data(), progress},
                       vertices);
      launchSteer(SolveStage::Curvature);
      executor_.launch("advanceSolve", AdvanceSolve{vectors(), inverse_.data(), progress}, vertices);
      launchSteer(SolveStage::Residual);
    }
  }
  void launchGuard() {
    const MeshView mesh = mesh_.view();
    NewtonProgress* const progress = progressThere_.data();
    executor_.launch("capMoves",
                     CapMoves{mesh, around_.view(), x_.data(), move_.data(), marked_.data(), record_.data()},
                     mesh.vertexCount);
    for (int round = 0; round < recorded_.halvings + kFreezingRounds; ++round) {
      executor_.launch("markTurned", MarkTurned{mesh, move_.data(), marked_.data(), record_.data(), progress, round},
                       mesh.faceCount);
      executor_.launch("shortenMoves", ShortenMoves{move_.data(), marked_.data(), progress, round, recorded_.halvings},
                       mesh.vertexCount);
    }
    executor_.launch("applyMoves", ApplyMoves{mesh.positions, move_.data(), moved_.data(), progress}, mesh.vertexCount);
  }

  DeviceMisfit misfitOf(const MisfitSums& sums, double bending, int place) const {
    DeviceMisfit misfit{sums.energy, bending, sums.length, sums.absolute, sums.squared, {}};
    const std::size_t views = std::size_t(viewStore_.count());
    for (const CoveredSums& c : pixels_.values(2 * views).subspan(std::size_t(place) * views, views)) {
      const std::int64_t either = c.own + c.mask - c.both;
      misfit.viewIoU.push_back(either > 0 ? float(double(c.both) / double(either)) : 1.0f);
    }
    return misfit;
  }
  DeviceNewtonReport reportOf(const NewtonProgress& p) const {
    DeviceNewtonReport report;
    report.accepted = p.accepted != 0;
    report.here = misfitOf(p.here, 0.5 * p.prior * p.bendingHere, 0);
    report.there = misfitOf(p.there, p.prior * (0.5 * p.bendingThere), 1);
    report.gradientNorm = std::sqrt(p.squaredGradient);
    report.largestMove = std::sqrt(double(floatOf(p.largestMove2)));
    report.farthest = std::sqrt(double(floatOf(p.farthest2)));
    report.solverIterations = p.iterations;
    return report;
  }

  // What the recorded launches were made for, beside the buffers.
  struct Recorded {
    int solverIterations = 0, halvings = 0;
    float nearPlane = 0;
    bool operator==(const Recorded&) const = default;
  };

  Executor executor_;
  MeshStore mesh_;
  AroundStore around_;
  PlateStore plate_;
  ViewStore viewStore_;
  Buffer<std::uint8_t> kinds_;
  OutlinePass<Executor> outline_;
  Buffer<Slot> slots_;
  Buffer<std::uint32_t> anyBehind_, marked_;
  Buffer<Counters> counters_;
  Buffer<NewtonRecord> record_;
  Buffer<NewtonProgress> progressThere_;
  HostBuffer<NewtonProgress> progress_;
  Buffer<CoveredSums> covered_;
  HostBuffer<CoveredSums> pixels_;
  Buffer<NewtonTerm> terms_;
  Buffer<Vec2<float>> coupled_;
  Buffer<int> entries_, counts_;
  Buffer<std::int64_t> filled_, starts_, entryTotal_;
  PrefixSums places_;
  ChunkSums<MisfitSums> misfits_;
  ChunkSums<Dots> dots_;
  Totals totals_;
  Buffer<Vec3<float>> gradient_, move_, moved_, bent_, x_, r_, z_, p_, q_, u_;
  Buffer<Symmetric3> extra_, inverse_;
  typename Executor::Recording recording_;
  Recorded recorded_;
  std::uint64_t topologyId_ = 0;
  bool ready_ = false, traced_ = false;
};

}  // namespace penumbra::device
