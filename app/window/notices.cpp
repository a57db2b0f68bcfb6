#include "app/window/notices.h"

#include <algorithm>

namespace penumbra {
namespace {
constexpr std::size_t kMaxToasts = 4, kMaxWarnings = 200;
double lifetime(NoticeKind kind) { return kind == NoticeKind::Warning ? 9 : 5; }
}  // namespace

std::string ErrorCard::details() const {
  std::string text = title + "\n" + what;
  if (!advice.empty()) text += "\n" + advice;
  return text;
}

void Notices::toast(NoticeKind kind, std::string text, std::string advice, double now, std::string path) {
  if (kind == NoticeKind::Warning) {
    warnings_.push_back(advice.empty() ? text : text + " " + advice);
    if (warnings_.size() > kMaxWarnings) warnings_.erase(warnings_.begin());
    ++unseen_;
  }
  for (Toast& known : toasts_)
    if (known.text == text) {
      ++known.repeats;
      known.until = now + lifetime(kind);
      return;
    }
  toasts_.push_back({kind, std::move(text), std::move(advice), std::move(path), 1, now + lifetime(kind)});
  if (toasts_.size() > kMaxToasts) toasts_.pop_front();
}

void Notices::error(std::string title, std::string what, std::string advice) {
  error_ = ErrorCard{std::move(title), std::move(what), std::move(advice)};
}

void Notices::dismissError() { error_.reset(); }

void Notices::dismissToast(std::size_t index) {
  if (index < toasts_.size()) toasts_.erase(toasts_.begin() + std::ptrdiff_t(index));
}

void Notices::expire(double now) {
  std::erase_if(toasts_, [&](const Toast& toast) { return toast.until <= now; });
}

}  // namespace penumbra
