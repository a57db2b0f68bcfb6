// What the window tells the person: toasts that go by themselves, and error cards that stay until dismissed.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace penumbra {

enum class NoticeKind { Info, Good, Warning };

struct Toast {
  NoticeKind kind = NoticeKind::Info;
  std::string text, advice, path;  // path of a file written: offers "Show folder"
  int repeats = 1;
  double until = 0;                // seconds on the window's clock
};

struct ErrorCard {
  std::string title, what, advice;
  std::string details() const;     // all of it, for the clipboard
};

class Notices {
 public:
  // The same text again prolongs the toast and counts up instead of stacking.
  void toast(NoticeKind kind, std::string text, std::string advice, double now, std::string path = {});
  void error(std::string title, std::string what, std::string advice);
  void dismissError();
  void dismissToast(std::size_t index);
  void expire(double now);

  const std::deque<Toast>& toasts() const { return toasts_; }
  const std::optional<ErrorCard>& error() const { return error_; }
  const std::vector<std::string>& warnings() const { return warnings_; }  // all so far, for the badge
  int unseenWarnings() const { return unseen_; }
  void markSeen() { unseen_ = 0; }

 private:
  std::deque<Toast> toasts_;
  std::optional<ErrorCard> error_;
  std::vector<std::string> warnings_;
  int unseen_ = 0;
};

}  // namespace penumbra
