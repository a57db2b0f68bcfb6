#include "optim/hull/hull_card.h"

namespace penumbra {

template <class Use> auto HullCard::ask(const Use& use) -> std::optional<decltype(use(std::declval<DeviceHull&>()))> {
  if (!make_ || failure_) return std::nullopt;
  try {
    if (!device_) device_ = make_();
    auto result = use(*device_);
    used_ = true;
    return result;
  } catch (const Error& error) {
    if (error.code() == ExitCode::Input) throw;  // of the masks, not of the card
    failure_ = error;
    device_.reset();
    return std::nullopt;
  }
}

std::optional<std::vector<Mask>> HullCard::distances(std::span<const View> views) {
  return ask([&](DeviceHull& device) { return signedDistances(views, device); });
}

std::optional<HullGrid> HullCard::sample(const HullField& field, int resolution, ThreadPool& pool) {
  return ask([&](DeviceHull& device) { return sampleHull(field, resolution, device, pool); });
}

}  // namespace penumbra
