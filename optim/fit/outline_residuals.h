// How far the outlines of a mesh are from those of the masks, and which vertices are to blame.
//
//   r_i = sum_s l_s |phi(p_s)| / sum_s l_s   over the samples s, in all views, on contour edges that end in vertex i
// phi signed distance to the mask's outline [px] (optim/newton/target_field.h), l_s length of outline [px] that sample s
// stands for (renderer/outline.h). Costs about as much as rendering all views forward.
// Limits: says nothing of parts of a mask that no outline is near.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "optim/newton/target_field.h"
#include "optim/view_set.h"
#include "renderer/outline.h"

namespace penumbra {

struct OutlineResiduals {
  std::vector<float> vertex;  // r_i, px; -1: on no outline
  double mean = -1;           // of |phi| over all outlines, px; -1: there is none
  double length = 0;          // of all outlines, px
};

class OutlineMeter {
 public:
  OutlineMeter(std::shared_ptr<const ViewSet> views, ThreadPool& pool);
  // The same bits for any number of threads.
  OutlineResiduals measure(std::span<const glm::vec3> positions, const Topology& topology);

 private:
  std::shared_ptr<const ViewSet> views_;
  ThreadPool& pool_;
  std::vector<TargetField> targets_;  // made at the first call
  std::vector<CameraT<float>> cameras_;
  OutlineTracer<float> tracer_;
  std::vector<ViewOutline<float>> outlines_;
};

}  // namespace penumbra
