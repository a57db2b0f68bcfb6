// What a session was asked to load, kept so that its masks can be made anew when options change.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optim/options.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct Source {
  std::string name;
  std::filesystem::path path;        // empty for a model from memory
  std::optional<Mesh> model;         // as in the file; none for a photo set
  std::vector<std::string> notes;    // from reading the model
  bool isPhotoSet() const { return !model; }
};

// A model file is read whole, a folder is only recognised. Throws Error(Input); Interrupted when `stop` is raised.
std::shared_ptr<const Source> openSource(const std::filesystem::path& path, const std::atomic<bool>* stop = nullptr);

// Views of the source under these options. Throws Error(Input); Interrupted when `stop` is raised while photos are read,
// or the pool is stopped.
std::shared_ptr<const ViewSet> makeViews(const Source& source, const FitOptions& options, ThreadPool& pool,
                                         const std::atomic<bool>* stop = nullptr);

// True when a change from one to the other asks for new views of this source.
bool viewsDiffer(const Source& source, const FitOptions& from, const FitOptions& to);

}  // namespace penumbra
