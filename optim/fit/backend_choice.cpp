#include "optim/fit/backend_choice.h"

namespace penumbra {

std::string BackendChoice::whyNot(Backend wanted, const std::string& refusal) {
  if (wanted == Backend::Cpu) return "The processor was chosen.";
  if (!refusal.empty()) return refusal;
  if (!failure_.empty()) return failure_;
  if (!status_) status_ = access_.probe();
  return status_->available ? "" : status_->reason;
}

bool BackendChoice::useDevice(Backend wanted, const std::string& refusal) {
  if (wanted_ && *wanted_ != wanted) {  // chosen anew: a card that failed or was missing gets another chance
    failure_.clear();
    hullFailed_ = false;
    if (status_ && !status_->available) status_.reset();
  }
  wanted_ = wanted;
  const std::string reason = whyNot(wanted, refusal);
  if (wanted == Backend::Cuda && !reason.empty() && reason != reason_) note_ = "The fit runs on the CPU: " + reason;
  reason_ = reason;
  return reason_.empty();
}

void BackendChoice::deviceFailed(const Error& error, int iteration) {
  failure_ = error.code() == ExitCode::Memory ? "The graphics card has not enough memory for this fit."
                                              : std::string("The graphics card failed: ") + error.what();
  reason_ = failure_;
  note_ = failure_ + " The CPU goes on from iteration " + std::to_string(iteration) + ".";
}

HullCard BackendChoice::hullCard(Backend wanted) {
  if (wanted == Backend::Cpu || hullFailed_ || !failure_.empty()) return {};
  if (wanted == Backend::Cuda && !status_) status_ = access_.probe();
  return status_ && status_->available ? HullCard(access_.makeHull) : HullCard();
}

void BackendChoice::hullCarved(const HullCard& card) {
  if (!card.failure()) return;
  hullFailed_ = true;
  const Error& error = *card.failure();
  note_ = error.code() == ExitCode::Memory ? "The graphics card has not enough memory for the visual hull."
                                           : std::string("The graphics card failed while the visual hull was carved: ") + error.what();
  note_ += " The CPU carved it.";
}

}  // namespace penumbra
