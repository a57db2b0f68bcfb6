// Who sits the exam: each method is the product's own fitter with some options changed, so all see the same masks.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optim/options.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra::quality {

struct OptionChange {
  std::string name, value;  // as on the command line
};

enum class Kind {
  Fit,
  Start,   // the start shape is the answer
  Ceiling  // the true shape, decimated to as many faces as the default's answer: no mesh of that size is much better
};

struct Method {
  std::string name;
  const char* what;                   // one sentence for the legend
  std::vector<OptionChange> changes;  // from FitOptions{}
  Kind kind = Kind::Fit;
  bool polished = true;               // repaired at the end
  bool phantomsCut = true;            // from the hull at the start; false for fits from the hull only
};

// "hull", "large_steps", "softras", "grow", "steady", "default", "ceiling".
std::span<const Method> methods();
// The default, or grow, with one ingredient changed.
std::span<const Method> ablations();
// Settings the baselines were chosen from, on the shapes of the group "dev".
std::span<const Method> tuningGrid();
// From a list of names of the above, each with changes if wanted: "default:prior=3:robust=0,hull"; "grid" is all of
// tuningGrid(). Throws Error(Usage) for an unknown one.
std::vector<Method> methodsNamed(const std::string& list);

// FitOptions{} with the changes. Throws Error(Usage) when an option or a value does not exist.
FitOptions optionsOf(const Method& method, int seed);

// A mesh and what it took. Seconds of the clock; processor seconds are summed over all threads and hardly change when
// other programs keep the machine busy.
struct Answer {
  Mesh mesh;
  int iterations = 0;
  double seconds = 0, processorSeconds = 0;  // from masks in memory to this mesh
  double startSeconds = 0, polishSeconds = 0;  // of them, to the start shape and for the last repair
  bool cut = false;                          // the budget was over first
};
struct Outcome {
  Answer answer;
  std::optional<Answer> early;  // as it was when earlyProcessorSeconds were over, not polished
  std::string failure;          // what was thrown, if anything
};
struct Budget {
  double seconds = 0;                // 0: none
  double earlyProcessorSeconds = 0;  // 0: no early answer
};
// Not for Kind::Ceiling, which fits nothing.
Outcome runMethod(const Method& method, const ViewSet& views, int seed, const Budget& budget, ThreadPool& pool);

}  // namespace penumbra::quality
