#include "optim/newton/judged_masks.h"

namespace penumbra {
namespace {

constexpr double kBallRadius = 1.1;

}  // namespace

JudgedMasks::JudgedMasks(std::span<const View> views, ThreadPool& pool) : targets(makeTargetFields(views, pool)) {
  trust = judgeViews(HullField(views, distances(), kBallRadius, pool), pool);
}

std::vector<const Mask*> JudgedMasks::distances() const {
  std::vector<const Mask*> distances;
  for (const TargetField& target : targets) distances.push_back(&target.distance());
  return distances;
}

}  // namespace penumbra
