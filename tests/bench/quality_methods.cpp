#include "tests/bench/quality_methods.h"

#include <chrono>
#include <ctime>
#include <memory>

#include "optim/fit/fitter.h"
#include "optim/fit/mesh_care.h"
#include "optim/fit/start_shapes.h"
#include "optim/hull/visual_hull.h"
#include "renderer/error.h"

namespace penumbra::quality {
namespace {

using Clock = std::chrono::steady_clock;

// Runs from its making.
class Watch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }
  double processorSeconds() const { return double(std::clock() - processorBegun_) / CLOCKS_PER_SEC; }

 private:
  Clock::time_point begun_ = Clock::now();
  std::clock_t processorBegun_ = std::clock();
};

void note(Answer& answer, const Fitter& fitter, const Watch& watch) {
  answer.mesh = {fitter.state().positions, fitter.state().faces};
  answer.seconds = watch.seconds();
  answer.processorSeconds = watch.processorSeconds();
}

// Looks after the mesh after an iteration, as a session does. Returns whether the fit goes on.
bool lookAfter(MeshCare& care, const MeshCare::Fit& fit, const Method& method, Answer& answer) {
  const bool newton = resolvedSolver(fit.options, fit.views) == SolverKind::Newton;
  const bool more = answer.iterations < fit.planned;
  if (more && !(fit.options.stopWhenConverged && fit.fitter.converged())) {
    if (!newton) care.whileRunning(fit);
    return true;
  }
  if (!method.polished) return false;
  const Watch watch;
  const bool goOn = care.atEnd(fit, newton && more).goOn;
  answer.polishSeconds += watch.seconds();
  return goOn;
}

// The start of a fit from a hull that keeps its false handles.
FitState rawHull(const FitOptions& options, const ViewSet& views, ThreadPool& pool) {
  HullOptions hull;
  hull.resolution = options.hullResolution;
  hull.finest = kFinestHull;
  hull.cutPhantoms = false;
  Mesh mesh = makeVisualHull(views.train, hull, pool).mesh;
  FitState state;
  state.positions = std::move(mesh.positions);
  state.faces = std::move(mesh.faces);
  return state;
}

void fit(const Method& method, const FitOptions& options, const ViewSet& views, const Budget& budget, ThreadPool& pool,
         Outcome& outcome) {
  const auto shared = std::make_shared<const ViewSet>(views);
  const Watch watch;
  Fitter fitter = method.phantomsCut ? Fitter(shared, options, pool) : Fitter(shared, options, pool, rawHull(options, views, pool));
  Answer& answer = outcome.answer;
  answer.startSeconds = watch.seconds();
  MeshCare care;
  const MeshCare::Fit looked{fitter, *shared, options, pool, options.iterations, {}};
  const double early = budget.earlyProcessorSeconds;
  for (bool goOn = true; goOn;) {
    fitter.iterate();
    ++answer.iterations;
    if (early > 0 && !outcome.early && watch.processorSeconds() > early) note(outcome.early.emplace(answer), fitter, watch);
    goOn = lookAfter(care, looked, method, answer);
    answer.cut = goOn && budget.seconds > 0 && watch.seconds() > budget.seconds;
    if (answer.cut) break;
  }
  note(answer, fitter, watch);
  if (early > 0 && !outcome.early) outcome.early = answer;
}

}  // namespace

namespace {

using Changes = std::vector<OptionChange>;

// Published settings where they are known, learning rate, lambda, sigma and weights by tuningGrid().
const Changes kLargeSteps = {
    {"start", "sphere"}, {"sphere_level", "5"}, {"solver", "gradient"}, {"parameters", "differential"}, {"lambda", "5"},
    {"optimizer", "adam_uniform"}, {"coverage", "contour"}, {"learning_rate", "0.05"}, {"learning_rate_end", "0.1"},
    {"beta2", "0.999"}, {"laplacian", "0"}, {"coarse_to_fine", "off"}, {"remesh", "off"}, {"iterations", "500"}};
const Changes kSoftRas = {
    {"start", "sphere"}, {"sphere_level", "4"}, {"solver", "gradient"}, {"parameters", "positions"},
    {"optimizer", "adam"}, {"coverage", "softras"}, {"sigma", "3e-4"}, {"sigma_end", "3e-5"}, {"soft_target", "off"},
    {"loss", "soft_iou"}, {"laplacian", "0.0003"}, {"normal_consistency", "0.0003"}, {"learning_rate", "0.02"},
    {"learning_rate_end", "0.1"}, {"beta2", "0.999"}, {"coarse_to_fine", "off"}, {"remesh", "off"},
    {"views_per_step", "4"}, {"iterations", "500"}};
const Changes kGrow = {{"start", "sphere"}, {"solver", "gradient"}};
// As in the preset "Watch it grow".
const Changes kSteady = {{"start", "sphere"}, {"solver", "gradient"}, {"optimizer", "steady_adam"}, {"learning_rate", "0.5"},
                         {"beta1", "0.8"}, {"beta2", "0.8"}, {"lambda", "1"}, {"motion_smoothing", "0.02"}};

Changes with(Changes changes, const Changes& more) {
  changes.insert(changes.end(), more.begin(), more.end());
  return changes;
}

}  // namespace

std::span<const Method> methods() {
  static const std::vector<Method> all = {
      {"hull", "the visual hull carved from the masks, nothing else", {{"start", "hull"}}, Kind::Start},
      {"large_steps",
       "Large Steps (Nicolet 2021) from a sphere of 10242 vertices: AdamUniform on differential coordinates, fixed triangles",
       kLargeSteps},
      {"softras", "SoftRas (Liu 2019) from a sphere of 2562 vertices: Adam on positions, IoU + Laplacian + flatness", kSoftRas},
      {"grow", "the gradient solver as it comes, from a sphere", kGrow},
      {"steady", "the gradient solver by SteadyAdam, from a sphere", kSteady},
      {"default", "Penumbra as it comes", {}},
      {"ceiling", "the true shape, decimated to as many faces as the default's answer", {{"start", "hull"}}, Kind::Ceiling}};
  return all;
}

std::span<const Method> ablations() {
  static const std::vector<Method> all = {
      {"one_level", "default without coarse to fine: no remeshing", {{"coarse_to_fine", "off"}}},
      {"unpolished", "default without the repair at the end", {}, Kind::Fit, false},
      {"phantoms", "default with the hull's false handles kept", {}, Kind::Fit, true, false},
      {"trusting", "default without the robust loss", {{"robust", "0"}}},
      {"uncorrected", "default without the correction of views", {{"view_correction", "off"}}},
      {"prior_0.01", "default with a hundredth of the prior", {{"prior", "0.01"}}},
      {"prior_0.1", "default with a tenth of the prior", {{"prior", "0.1"}}},
      {"prior_10", "default with ten times the prior", {{"prior", "10"}}},
      {"to_the_end", "default without the stop test, 60 iterations", {{"stop_when_converged", "off"}, {"iterations", "60"}}},
      {"retopology", "default with topology that follows the masks", {{"retopology", "on"}}},
      {"hull_64", "default from a hull of 64 steps", {{"hull_resolution", "64"}}},
      {"hull_256", "default from a hull of 256 steps", {{"hull_resolution", "256"}}},
      {"gradient", "default with the gradient solver from the hull", {{"start", "hull"}, {"solver", "gradient"}}},
      {"sphere_newton", "default with Gauss-Newton from a sphere", {{"start", "sphere"}, {"solver", "newton"}}},
      {"grow_fixed", "grow without remeshing", with(kGrow, {{"remesh", "off"}})},
      {"grow_by_count", "grow with sigma by the number of steps", with(kGrow, {{"coarse_to_fine", "off"}})},
      {"grow_unsmoothed", "grow without the Laplacian", with(kGrow, {{"laplacian", "0"}})},
      {"grow_positions", "grow on positions", with(kGrow, {{"parameters", "positions"}, {"learning_rate", "0.01"}})},
      {"grow_softras", "grow with SoftRas coverage", with(kGrow, {{"coverage", "softras"}})},
      {"grow_hard_target", "grow with masks as they are", with(kGrow, {{"soft_target", "off"}})},
      {"grow_constant_rate", "grow without the fall of the learning rate", with(kGrow, {{"learning_rate_end", "1"}})},
      {"grow_long_memory", "grow with the usual memory of Adam", with(kGrow, {{"beta2", "0.999"}})},
      {"grow_vector_adam", "grow with VectorAdam",
       with(kGrow, {{"optimizer", "vector_adam"}, {"learning_rate", "0.005"}, {"beta2", "0.95"}})},
      {"steady_unsmoothed", "steady without smooth motion", with(kSteady, {{"motion_smoothing", "0"}})},
      {"steady_positions", "steady on positions", with(kSteady, {{"parameters", "positions"}})},
      {"steady_retopology", "steady with topology that follows the masks", with(kSteady, {{"retopology", "on"}})},
      {"grow_retopology", "grow with topology that follows the masks", with(kGrow, {{"retopology", "on"}})}};
  return all;
}

std::span<const Method> tuningGrid() {
  static const std::vector<Method> all = [] {
    std::vector<Method> grid;
    for (const char* lambda : {"5", "19", "50"})
      for (const char* rate : {"0.02", "0.05", "0.1"})
        grid.push_back({std::string("ls_") + lambda + "_" + rate, "Large Steps: lambda, learning rate",
                        with(kLargeSteps, {{"lambda", lambda}, {"learning_rate", rate}})});
    for (const char* sigma : {"1e-4", "3e-4"})
      for (const char* rate : {"0.005", "0.01", "0.02"})
        for (const char* weight : {"0.0003", "0.003"})
          grid.push_back({std::string("sr_") + sigma + "_" + rate + "_" + weight, "SoftRas: sigma, learning rate, smoothness",
                          with(kSoftRas, {{"sigma", sigma}, {"learning_rate", rate}, {"laplacian", weight},
                                          {"normal_consistency", weight}})});
    return grid;
  }();
  return all;
}

namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == at) parts.emplace_back();
    else parts.back() += c;
  return parts;
}

}  // namespace

std::vector<Method> methodsNamed(const std::string& list) {
  std::vector<Method> chosen;
  for (const std::string& text : split(list, ',')) {
    const std::vector<std::string> parts = split(text, ':');
    const std::size_t before = chosen.size();
    for (const auto& group : {methods(), ablations(), tuningGrid()})
      for (const Method& method : group)
        if (method.name == parts[0]) chosen.push_back(method);
    if (parts[0] == "grid") chosen.insert(chosen.end(), tuningGrid().begin(), tuningGrid().end());
    if (chosen.size() == before) throw Error(ExitCode::Usage, "There is no method '" + parts[0] + "'.");
    if (parts.size() > 1) chosen.back().name = text;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t equals = std::min(parts[i].find('='), parts[i].size());
      const std::string value = parts[i].substr(std::min(equals + 1, parts[i].size()));
      chosen.back().changes.push_back({parts[i].substr(0, equals), value});
    }
  }
  return chosen;
}

FitOptions optionsOf(const Method& method, int seed) {
  FitOptions options;
  options.seed = seed;
  for (const OptionChange& change : method.changes) {
    const Option* option = findOption(change.name);
    if (!option) throw Error(ExitCode::Usage, method.name + " needs the option " + change.name + ", which there is not.");
    setOption(options, *option, change.value);
  }
  return options;
}

Outcome runMethod(const Method& method, const ViewSet& views, int seed, const Budget& budget, ThreadPool& pool) {
  Outcome outcome;
  try {
    const FitOptions options = optionsOf(method, seed);
    if (method.kind == Kind::Fit) {
      fit(method, options, views, budget, pool, outcome);
    } else {
      const Watch watch;
      Answer& answer = outcome.answer;
      answer.mesh = makeStartMesh(options, views, pool);
      answer.seconds = answer.startSeconds = watch.seconds();
      answer.processorSeconds = watch.processorSeconds();
    }
  } catch (const Error& error) {
    outcome.failure = error.what();
  }
  return outcome;
}

}  // namespace penumbra::quality
