// Who sits the exam: each method is the product's own fitter with some options changed, so all see the same masks.
#pragma once
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

struct Method {
  std::string name;
  const char* what;                   // one sentence for the legend
  std::vector<OptionChange> changes;  // from FitOptions{}
  bool fits = true;                   // false: the start shape is the answer
};

// "hull", "large_steps", "softras", "grow", "default".
std::span<const Method> methods();
// The default with one ingredient changed.
std::span<const Method> ablations();
// From a list of names of methods and ablations, each with changes if wanted: "default:prior=3:robust=0,hull". Throws
// Error(Usage) for an unknown one.
std::vector<Method> methodsNamed(const std::string& list);

// FitOptions{} with the changes. Throws Error(Usage) when an option or a value does not exist.
FitOptions optionsOf(const Method& method, int seed);

struct Outcome {
  Mesh mesh;
  double seconds = 0, startSeconds = 0;  // from masks in memory to the finished mesh; to the start shape
  int iterations = 0;
  bool cut = false;                      // the budget was over first
  std::string failure;                   // what was thrown, if anything
};
// `budget` in seconds, 0: none.
Outcome runMethod(const Method& method, const ViewSet& views, int seed, double budget, ThreadPool& pool);

}  // namespace penumbra::quality
