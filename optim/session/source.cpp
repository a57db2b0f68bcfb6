#include "optim/session/source.h"

#include <string_view>

#include "optim/io/dataset_io.h"
#include "optim/io/file_input.h"
#include "optim/io/mesh_io.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> notesOf(const MeshReadReport& report) {
  std::vector<std::string> notes;
  if (report.parts > 1) notes.push_back("Merged " + std::to_string(report.parts) + " meshes of the scene.");
  if (report.verticesWelded > 0)
    notes.push_back("Welded " + std::to_string(report.verticesWelded) + " of " + std::to_string(report.verticesRead) +
                    " vertices that coincided with others.");
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  return notes;
}

std::string folderName(const fs::path& path) {
  const fs::path plain = path.has_filename() ? path : path.parent_path();
  return printableLine(plain.filename().string());
}

DatasetOptions datasetOptions(const FitOptions& options) {
  DatasetOptions dataset;
  dataset.maxSize = options.maxSize;
  dataset.useEvery = options.useEvery;
  dataset.holdOutEvery = options.holdOutEvery;
  dataset.invert = options.invertMasks;
  return dataset;
}

}  // namespace

std::shared_ptr<const Source> openSource(const fs::path& path, const std::atomic<bool>* stop) {
  Source source;
  source.path = path;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    source.name = folderName(path);
  } else {
    MeshReadReport report;
    source.model = readMesh(path, &report, stop);
    source.name = printableLine(path.stem().string());
    source.notes = notesOf(report);
  }
  return std::make_shared<const Source>(std::move(source));
}

std::shared_ptr<const ViewSet> makeViews(const Source& source, const FitOptions& options, ThreadPool& pool,
                                         const std::atomic<bool>* stop) {
  ViewSet views;
  if (source.isPhotoSet()) {
    DatasetOptions dataset = datasetOptions(options);
    dataset.stop = stop;
    views = readDataset(source.path, dataset);
    normaliseViews(views);
    if (views.name.empty()) views.name = source.name;
  } else {
    views = makeViewSet(*source.model, source.name, options, pool);
    views.notes.insert(views.notes.begin(), source.notes.begin(), source.notes.end());
  }
  return std::make_shared<const ViewSet>(std::move(views));
}

bool viewsDiffer(const Source& source, const FitOptions& from, const FitOptions& to) {
  const std::string_view group = source.isPhotoSet() ? kPhotoSetGroup : kModelGroup;
  for (const Option& option : fitOptionTable())
    if (option.effect == OptionEffect::Targets && group == option.group && option.get(from) != option.get(to))
      return true;
  return false;
}

}  // namespace penumbra
