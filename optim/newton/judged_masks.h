// What the masks of a view set say, worked out once for all who ask: the visual hull and the fit after it.
#pragma once
#include <span>
#include <vector>

#include "optim/hull/view_trust.h"
#include "optim/newton/target_field.h"

namespace penumbra {

struct JudgedMasks {
  JudgedMasks(std::span<const View> views, ThreadPool& pool);

  std::vector<const Mask*> distances() const;  // to the outlines, one for each view

  std::vector<TargetField> targets;  // one for each view
  ViewTrust trust;                   // by number of the view
};

}  // namespace penumbra
