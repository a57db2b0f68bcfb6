#include "app/window/plot_marks.h"

#include <algorithm>

namespace penumbra {

std::vector<OptionEdit> mergedEdits(std::span<const OptionEdit> edits) {
  std::vector<OptionEdit> merged;
  for (const OptionEdit& edit : edits) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const OptionEdit& m) { return m.iteration == edit.iteration && m.name == edit.name; });
    if (same == merged.end()) merged.push_back(edit);
    else same->to = edit.to;
  }
  std::erase_if(merged, [](const OptionEdit& m) { return m.from == m.to && !m.from.empty(); });
  return merged;
}

}  // namespace penumbra
