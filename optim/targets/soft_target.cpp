#include "optim/targets/soft_target.h"

#include <algorithm>
#include <cmath>

#include "optim/targets/distance_field.h"
#include "renderer/core/profile.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

// coverageProfile(distance / s) for a whole image; blocks that lie beyond the profile's reach cost a comparison only.
void fillValues(const std::vector<float>& distance, float inverseWidth, std::vector<float>& value) {
  constexpr std::size_t kBlock = 16;
  const float reach = float(kProfileReach);
  for (std::size_t begin = 0; begin < distance.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, distance.size());
    int inBand = 0;
    for (std::size_t i = begin; i < end; ++i) inBand |= int(std::abs(distance[i] * inverseWidth) < reach);
    if (!inBand)
      for (std::size_t i = begin; i < end; ++i) value[i] = distance[i] > 0 ? 1.0f : 0.0f;
    else
      for (std::size_t i = begin; i < end; ++i) value[i] = coverageProfile(distance[i] * inverseWidth).alpha;
  }
}

// profile(b / s) for pixel centres b = 1/2, 3/2, ... from both ends; returns how many at an end are below 1.
int fillLimits(std::vector<float>& limits, int count, float inverseWidth) {
  limits.assign(count, 1.0f);
  int open = 0;
  for (int i = 0; i < (count + 1) / 2; ++i) {
    const float limit = coverageProfile((float(i) + 0.5f) * inverseWidth).alpha;
    limits[i] = limits[count - 1 - i] = limit;
    if (limit < 1) open = i + 1;
  }
  return open;
}

}  // namespace

SoftTarget makeSoftTarget(const Mask& mask) {
  if (mask.empty()) throw Error(ExitCode::Input, "A mask of 0 pixels cannot be a target.");
  SoftTarget target;
  target.width = mask.width;
  target.height = mask.height;
  target.distance = signedDistance(mask);
  for (const float value : mask.pixels) target.area += double(value);
  target.normaliser = std::max(target.area, 0.01 * double(mask.pixels.size()));
  soften(target, mask, 0, false);
  return target;
}

std::vector<SoftTarget> makeSoftTargets(std::span<const View> views, ThreadPool& pool) {
  std::vector<SoftTarget> targets(views.size());
  pool.parallelFor(int(views.size()), [&](int i, int) { targets[i] = makeSoftTarget(views[i].mask); });
  double area = 0;  // NDC squared
  for (const SoftTarget& target : targets) {
    const double pixelsPerNdc = 0.5 * std::min(target.width, target.height);
    area += target.normaliser / (pixelsPerNdc * pixelsPerNdc) / double(targets.size());
  }
  for (SoftTarget& target : targets) {
    const double pixelsPerNdc = 0.5 * std::min(target.width, target.height);
    target.normaliser = area * pixelsPerNdc * pixelsPerNdc;
  }
  return targets;
}

void soften(SoftTarget& target, const Mask& mask, double sigma, bool soft) {
  if (mask.width != target.width || mask.height != target.height)
    throw Error(ExitCode::Internal, "A soft target was given a mask of another size.");
  if (!soft) {
    target.value = mask;
    target.columnLimit.assign(target.width, 1.0f);
    target.rowLimit.assign(target.height, 1.0f);
    target.openColumns = target.openRows = 0;
    return;
  }
  const float inverseWidth = float(1 / (std::sqrt(sigma) * 0.5 * std::min(target.width, target.height)));
  if (target.value.empty()) target.value = Mask(target.width, target.height);
  fillValues(target.distance.pixels, inverseWidth, target.value.pixels);
  target.openColumns = fillLimits(target.columnLimit, target.width, inverseWidth);
  target.openRows = fillLimits(target.rowLimit, target.height, inverseWidth);
}

}  // namespace penumbra
