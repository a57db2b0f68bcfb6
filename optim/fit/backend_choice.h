// What computes the fit: the graphics card when it is asked for or there is one, until it fails; else the processor.
//
// The card is asked for once, when it first matters (starting the driver can take half a second). A card that failed is
// not tried again until the person chooses the backend anew.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "optim/fit/device_access.h"
#include "optim/hull/hull_card.h"
#include "optim/options.h"

namespace penumbra {

class BackendChoice {
 public:
  explicit BackendChoice(DeviceAccess access) : access_(std::move(access)) {}

  // Whether the fit shall run on the card. Sets reason() and note(). `refusal`: why it cannot.
  bool useDevice(Backend wanted, const std::string& refusal = {});
  // The card failed: the processor goes on from `iteration`.
  void deviceFailed(const Error& error, int iteration);

  // For carving a hull: the card when it is asked for, or when `auto` has found one for the solver (starting the driver
  // takes longer than carving); none after a failure, until the backend is chosen anew.
  HullCard hullCard(Backend wanted);
  void hullCarved(const HullCard& card);  // takes note of its failure: then the processor has carved the hull

  const DeviceAccess& access() const { return access_; }
  const std::string& card() const { return status_ ? status_->name : noCard_; }
  std::size_t freeMemory() const { return status_ ? status_->freeMemory : 0; }  // bytes, when the card was asked
  const std::string& reason() const { return reason_; }  // why it is not the card; empty when it is
  // A sentence worth telling a person since the last call; empty: none.
  std::string takeNote() { return std::exchange(note_, {}); }

 private:
  std::string whyNot(Backend wanted, const std::string& refusal);

  DeviceAccess access_;
  std::optional<CudaStatus> status_;
  std::optional<Backend> wanted_;     // at the last call
  std::string failure_;               // of the card, while it runs
  bool hullFailed_ = false;
  std::string reason_, note_, noCard_;
};

}  // namespace penumbra
