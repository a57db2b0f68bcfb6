#include "tests/bench/quality_methods.h"

#include <chrono>
#include <memory>

#include "optim/fit/fitter.h"
#include "optim/fit/mesh_care.h"
#include "optim/fit/start_shapes.h"
#include "renderer/error.h"

namespace penumbra::quality {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

void fit(const FitOptions& options, const ViewSet& views, double budget, ThreadPool& pool, Outcome& outcome) {
  const auto shared = std::make_shared<const ViewSet>(views);
  const auto begun = Clock::now();
  Fitter fitter(shared, options, pool);
  outcome.startSeconds = secondsSince(begun);
  MeshCare care;
  const MeshCare::Fit looked{fitter, *shared, options, pool, options.iterations, {}};
  const bool newton = resolvedSolver(options, views) == SolverKind::Newton;
  for (bool over = false; !over;) {
    fitter.iterate();
    ++outcome.iterations;
    const bool more = outcome.iterations < options.iterations;
    const bool atEnd = !more || (options.stopWhenConverged && fitter.converged());
    if (atEnd) over = !care.atEnd(looked, newton && more).goOn;
    else if (!newton) care.whileRunning(looked);
    outcome.seconds = secondsSince(begun);
    outcome.cut = budget > 0 && outcome.seconds > budget;
    if (outcome.cut) break;
  }
  outcome.mesh = {fitter.state().positions, fitter.state().faces};
}

}  // namespace

std::span<const Method> methods() {
  static const std::vector<Method> all = {
      {"hull", "the visual hull carved from the masks, nothing else", {{"start", "hull"}}, false},
      {"large_steps",
       "Large Steps (Nicolet 2021) from a sphere of 10242 vertices: AdamUniform on differential coordinates, lambda 19",
       {{"start", "sphere"}, {"sphere_level", "5"}, {"solver", "gradient"}, {"parameters", "differential"}, {"lambda", "19"},
        {"optimizer", "adam_uniform"}, {"coverage", "contour"}, {"learning_rate", "0.05"}, {"learning_rate_end", "0.1"},
        {"beta2", "0.999"}, {"laplacian", "0"}, {"coarse_to_fine", "off"}, {"remesh", "off"}, {"iterations", "1000"}}},
      {"softras",
       "SoftRas (Liu 2019) from a sphere of 2562 vertices: Adam on positions, IoU + Laplacian + flatness, weights and "
       "sigma as they did best on spot",
       {{"start", "sphere"}, {"sphere_level", "4"}, {"solver", "gradient"}, {"parameters", "positions"},
        {"optimizer", "adam"}, {"coverage", "softras"}, {"sigma", "3e-4"}, {"sigma_end", "3e-5"}, {"soft_target", "off"},
        {"loss", "soft_iou"}, {"laplacian", "0.0003"}, {"normal_consistency", "0.0003"}, {"learning_rate", "0.01"},
        {"learning_rate_end", "0.1"},
        {"beta2", "0.999"}, {"coarse_to_fine", "off"}, {"remesh", "off"}, {"views_per_step", "4"},
        {"iterations", "1000"}}},
      {"grow", "the gradient solver as it comes, from a sphere", {{"start", "sphere"}, {"solver", "gradient"}}},
      {"default", "Penumbra as it comes", {}}};
  return all;
}

std::span<const Method> ablations() {
  static const std::vector<Method> all = {
      {"gradient", "default with the gradient solver from the hull", {{"start", "hull"}, {"solver", "gradient"}}},
      {"grow_fixed", "grow without remeshing", {{"start", "sphere"}, {"solver", "gradient"}, {"remesh", "off"}}},
      {"grow_by_count", "grow with sigma by the number of steps",
       {{"start", "sphere"}, {"solver", "gradient"}, {"coarse_to_fine", "off"}}},
      {"grow_unsmoothed", "grow without the Laplacian",
       {{"start", "sphere"}, {"solver", "gradient"}, {"laplacian", "0"}}},
      {"grow_long_memory", "grow with the usual memory of Adam",
       {{"start", "sphere"}, {"solver", "gradient"}, {"beta2", "0.999"}}},
      {"grow_vector_adam", "grow with VectorAdam",
       {{"start", "sphere"}, {"solver", "gradient"}, {"optimizer", "vector_adam"}, {"learning_rate", "0.005"}}},
      {"sphere_newton", "default with Gauss-Newton from a sphere", {{"start", "sphere"}, {"solver", "newton"}}},
      {"one_level", "default without coarse to fine", {{"coarse_to_fine", "off"}}},
      {"trusting", "default without the robust loss", {{"robust", "0"}}},
      {"prior_0.1", "default with a tenth of the prior", {{"prior", "0.1"}}},
      {"prior_10", "default with ten times the prior", {{"prior", "10"}}},
      {"to_the_end", "default without the stop test, 60 iterations", {{"stop_when_converged", "off"}, {"iterations", "60"}}},
      {"hull_64", "default from a hull of 64 steps", {{"hull_resolution", "64"}}},
      {"hull_256", "default from a hull of 256 steps", {{"hull_resolution", "256"}}}};
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
    for (const auto& group : {methods(), ablations()})
      for (const Method& method : group)
        if (method.name == parts[0]) chosen.push_back(method);
    if (chosen.size() == before) throw Error(ExitCode::Usage, "There is no method '" + parts[0] + "'.");
    chosen.back().name = text;
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

Outcome runMethod(const Method& method, const ViewSet& views, int seed, double budget, ThreadPool& pool) {
  Outcome outcome;
  try {
    const FitOptions options = optionsOf(method, seed);
    if (method.fits) {
      fit(options, views, budget, pool, outcome);
    } else {
      const auto begun = Clock::now();
      outcome.mesh = makeStartMesh(options, views, pool);
      outcome.seconds = outcome.startSeconds = secondsSince(begun);
    }
  } catch (const Error& error) {
    outcome.failure = error.what();
  }
  return outcome;
}

}  // namespace penumbra::quality
