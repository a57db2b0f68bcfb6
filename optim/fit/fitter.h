// One optimisation problem and its state, without threads or files: what Session drives and tests can step by hand.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optim/options.h"
#include "optim/session/session.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

// Everything needed to go on exactly from here; plain values.
struct FitState {
  std::vector<glm::vec3> positions;
  std::vector<Face> faces;
  std::vector<glm::vec3> moment1, moment2;
  double stepScale = 1;           // halved by the guard after a break-down
  int iteration = 0, optimizerStep = 0;
};

// The iteration, in the order of README's table:
// sampleViews -> decode -> coverage -> imageLoss -> coverageBackward -> regularise -> encodeGradient -> step -> report
class Fitter {
 public:
  Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool);
  ~Fitter();

  void reset();                                 // to the start shape of the options
  void setOptions(const FitOptions& options);   // live; re-softens targets, refactors the solver as needed
  void setViews(std::shared_ptr<const ViewSet> views);

  // One iteration. On NaN/Inf or an explosion the last good state is restored, the step halved, and the sentence
  // that says so is returned in `recovered`; after three in a row Error(Numeric) is thrown.
  Metrics iterate(std::optional<std::string>* recovered = nullptr);

  const FitState& state() const;
  void restore(const FitState& state);
  const std::vector<float>& viewIoU() const;           // per train view, newest known, -1 unknown
  const std::vector<float>& vertexGradient() const;    // |dL/dx|
  Mask coverage(int trainView) const;                  // rendered at the last iteration, or now if there was none
  HeldOutMetrics measureHeldOut() const;               // independent hard rasteriser

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penumbra
