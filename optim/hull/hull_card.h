// The graphics card's share in making a hull: its first stages, unless there is no card or it fails. Then every call
// gives nothing, and the processor does the work.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "optim/hull/device_grid.h"
#include "renderer/error.h"

namespace penumbra {

class HullCard {
 public:
  HullCard() = default;  // no card
  explicit HullCard(std::function<std::unique_ptr<DeviceHull>()> make) : make_(std::move(make)) {}

  // See device_grid.h. Throw Error(Input) as there.
  std::optional<std::vector<Mask>> distances(std::span<const View> views);
  std::optional<HullGrid> sample(const HullField& field, int resolution, ThreadPool& pool);

  bool used() const { return used_; }  // has it done anything yet?
  // Why it gives nothing any more; none while all is well.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  template <class Use> auto ask(const Use& use) -> std::optional<decltype(use(std::declval<DeviceHull&>()))>;

  std::function<std::unique_ptr<DeviceHull>()> make_;
  std::unique_ptr<DeviceHull> device_;  // made when first needed
  std::optional<Error> failure_;
  bool used_ = false;
};

}  // namespace penumbra
