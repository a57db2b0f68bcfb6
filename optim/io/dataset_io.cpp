#include "optim/io/dataset_io.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <functional>
#include <iterator>
#include <new>
#include <thread>

#include "optim/io/dataset_frames.h"
#include "optim/io/file_input.h"
#include "optim/io/mask_reading.h"
#include "optim/io/nerf_transforms.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// One row a format; the first that recognises the folder reads it.
struct DatasetFormat {
  const char* description;
  bool (*recognises)(const fs::path&);
  DatasetListing (*list)(const fs::path&, FaultList&);
};
constexpr DatasetFormat kFormats[] = {
    {"NeRF/Blender: transforms_train.json or transforms.json + RGBA PNG", hasNerfTransforms, listNerfTransforms},
};

// A file inside a dataset stands for its folder.
fs::path folderOf(const fs::path& path) {
  std::error_code failed;
  if (path.extension() == ".json" && fs::is_regular_file(path, failed)) return path.has_parent_path() ? path.parent_path() : ".";
  return path;
}

const DatasetFormat* findFormat(const fs::path& folder) {
  const auto row = std::find_if(std::begin(kFormats), std::end(kFormats),
                                [&](const DatasetFormat& format) { return format.recognises(folder); });
  return row == std::end(kFormats) ? nullptr : row;
}

const DatasetFormat& formatOf(const fs::path& folder) {
  std::error_code failed;
  if (!fs::exists(folder, failed)) throw Error(ExitCode::Input, "There is no folder '" + shownPath(folder) + "'.");
  if (!fs::is_directory(folder, failed)) throw Error(ExitCode::Input, "'" + shownPath(folder) + "' is not a folder with a dataset.");
  if (const DatasetFormat* format = findFormat(folder)) return *format;
  std::string known;
  for (const DatasetFormat& format : kFormats) known += std::string(known.empty() ? "" : "; ") + format.description;
  throw Error(ExitCode::Input, "The folder '" + shownPath(folder) + "' holds no dataset that Penumbra knows.", "Known: " + known + ".");
}

template <class Value> std::vector<Value> pickEvenly(const std::vector<Value>& all, std::size_t count) {
  if (all.size() <= count) return all;
  std::vector<Value> picked;
  for (std::size_t i = 0; i < count; ++i) picked.push_back(all[i * all.size() / count]);
  return picked;
}

// Settles which frames train and which are held out.
void split(DatasetListing& listing, const DatasetOptions& options) {
  const auto most = std::size_t(std::max(options.maxHeldOut, 0));
  if (listing.hasSplit) {
    listing.heldOut = pickEvenly(listing.heldOut, most);
  } else if (options.holdOutEvery > 0) {
    const auto every = std::size_t(options.holdOutEvery);
    std::vector<std::size_t> candidates;
    for (std::size_t i = every - 1; i < listing.train.size(); i += every) candidates.push_back(i);
    candidates = pickEvenly(candidates, most);
    for (const std::size_t i : candidates) listing.heldOut.push_back(listing.train[i]);
    for (auto i = candidates.rbegin(); i != candidates.rend(); ++i) listing.train.erase(listing.train.begin() + std::ptrdiff_t(*i));
  }
  const auto step = std::size_t(std::max(options.useEvery, 1));
  std::vector<DatasetFrame> used;
  for (std::size_t i = 0; i < listing.train.size(); i += step) used.push_back(std::move(listing.train[i]));
  listing.train = std::move(used);
}

// "3 of 40 images are missing (a.png, b.png, c.png)"
void findMissing(const DatasetListing& listing, FaultList& faults) {
  std::vector<std::string> names;
  for (const auto* frames : {&listing.train, &listing.heldOut})
    for (const DatasetFrame& frame : *frames) {
      std::error_code failed;
      if (!fs::exists(frame.image, failed)) names.push_back(shownPath(frame.image.filename()));
    }
  if (names.empty()) return;
  std::string text = std::to_string(names.size()) + " of " + std::to_string(listing.train.size() + listing.heldOut.size()) + " images are missing (";
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i) text += (i > 0 ? ", " : "") + names[i];
  faults.add(text + (names.size() > 5 ? ", ...)" : ")"));
}

// One image on its way to a view.
struct Candidate {
  View view;
  LoadedMask loaded;   // its mask has moved into the view
  MaskFacts facts;     // at full size
  bool rescaled = false;  // the stated intrinsics are for another image size
  std::string fault;   // why it cannot be used, empty when it can
};

Candidate loadCandidate(const DatasetFrame& frame, const DatasetOptions& options) {
  Candidate candidate;
  candidate.view.name = frame.name;
  try {
    candidate.loaded = loadMask(frame.image);
    Mask mask = std::move(candidate.loaded.mask);
    if (options.invert)
      for (float& value : mask.pixels) value = 1 - value;
    candidate.facts = examine(mask);
    Camera camera = resolveIntrinsics(frame.intrinsics, mask.width, mask.height);
    setFromOpenGlPose(camera, frame.worldFromGlCamera);
    const auto& stated = frame.intrinsics;
    candidate.rescaled = stated.width.value_or(mask.width) != mask.width || stated.height.value_or(mask.height) != mask.height;
    const PixelSize size = reducedSize(mask.width, mask.height, options.maxSize);
    const bool same = size.width == mask.width && size.height == mask.height;
    candidate.view.mask = same ? std::move(mask) : reduced(mask, size.width, size.height);
    candidate.view.camera = same ? camera : resized(camera, size.width, size.height);
  } catch (const Error& error) {
    candidate.fault = error.what();
    if (candidate.fault.ends_with('.')) candidate.fault.pop_back();
  } catch (const std::bad_alloc&) {
    candidate.fault = frame.name + ": not enough memory for its image";
  } catch (const std::exception& error) {
    candidate.fault = frame.name + ": " + error.what();
  }
  return candidate;
}

// Decodes on all processors; the result does not depend on their number.
std::vector<Candidate> loadAll(const std::vector<DatasetFrame>& frames, const DatasetOptions& options) {
  std::vector<Candidate> candidates(frames.size());
  std::atomic<std::size_t> next{0};
  const auto stopped = [&options] { return options.stop && options.stop->load(std::memory_order_relaxed); };
  const auto work = [&] {
    for (std::size_t i = next++; i < frames.size() && !stopped(); i = next++) candidates[i] = loadCandidate(frames[i], options);
  };
  const std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 8);
  std::vector<std::jthread> others;
  for (std::size_t t = 1; t < std::min(threads, frames.size()); ++t) others.emplace_back(work);
  work();
  others.clear();  // joins
  if (stopped()) throw Interrupted{};
  return candidates;
}

// Names in brackets, at most five: "(r_1, r_7, ...)".
std::string listed(const std::vector<Candidate>& candidates, const std::function<bool(const Candidate&)>& wanted, std::size_t& count) {
  std::string names;
  count = 0;
  for (const Candidate& candidate : candidates) {
    if (!wanted(candidate)) continue;
    if (++count <= 5) names += (names.empty() ? "" : ", ") + candidate.view.name;
  }
  return " (" + names + (count > 5 ? ", ...)" : ")");
}

// Tells a person what looks wrong with the masks, one line a matter.
void addNotes(const std::vector<Candidate>& candidates, bool inverted, std::vector<std::string>& notes) {
  const std::string all = " of " + std::to_string(candidates.size());
  std::size_t count = 0;
  std::string names;
  const auto note = [&](auto wanted, const std::string& what) {
    names = listed(candidates, wanted, count);
    if (count > 0) notes.push_back(std::to_string(count) + all + what + names + ".");
  };
  note([](const Candidate& c) { return c.facts.empty; }, " masks show no object; these views were left out");
  note([](const Candidate& c) { return c.facts.full; }, " masks show no background; these views were left out");
  note([](const Candidate& c) { return !c.loaded.fromAlpha; }, " images have no transparency; brightness was taken as the mask");
  note([](const Candidate& c) { return !c.loaded.fromAlpha && c.facts.grey > 0.3; }, " images look like photographs, not masks");
  note([](const Candidate& c) { return c.rescaled; }, " images have another size than their camera states; the focal length was scaled to fit");
  const auto white = [](const Candidate& c) { return !c.facts.full && c.facts.borderCovered > 0.5; };
  names = listed(candidates, white, count);
  if (2 * count > candidates.size()) {
    notes.push_back("The masks look inverted: in " + std::to_string(count) + all + " views most of the image border is object. " +
                    (inverted ? "Try without inverting the masks." : "Try inverting the masks."));
    return;
  }
  note([](const Candidate& c) { return !c.facts.full && c.facts.borderCovered > 0; },
       " views show the object cut off at the image border");
}

// Average of the cameras' own up directions, snapped to a world axis when it is near one.
glm::dvec3 guessUp(const std::vector<View>& views) {
  glm::dvec3 sum(0);
  for (const View& view : views) {
    const auto& r = view.camera.rotation;
    sum -= glm::dvec3(r[0][1], r[1][1], r[2][1]);  // row 1 of the rotation is the camera's down axis in the world
  }
  if (views.empty() || glm::length(sum) < 0.1 * double(views.size())) return {0, 0, 1};
  const glm::dvec3 up = glm::normalize(sum);
  for (int axis = 0; axis < 3; ++axis) {
    glm::dvec3 snapped(0);
    snapped[axis] = up[axis] < 0 ? -1 : 1;
    if (glm::dot(snapped, up) > 0.85) return snapped;
  }
  return up;
}

std::vector<View> usableViews(std::vector<Candidate>& candidates) {
  std::vector<View> views;
  for (Candidate& candidate : candidates)
    if (!candidate.facts.empty && !candidate.facts.full) views.push_back(std::move(candidate.view));
  return views;
}

std::string folderName(const fs::path& folder) {
  std::error_code failed;
  const fs::path whole = fs::canonical(folder, failed);
  return shownPath((failed ? folder : whole).filename());
}

}  // namespace

bool canReadDataset(const fs::path& folder) { return findFormat(folderOf(folder)) != nullptr; }

std::vector<std::string> datasetFormats() {
  std::vector<std::string> lines;
  for (const DatasetFormat& format : kFormats) lines.emplace_back(format.description);
  return lines;
}

ViewSet readDataset(const fs::path& path, const DatasetOptions& options) {
  const fs::path folder = folderOf(path);
  FaultList faults;
  DatasetListing listing = formatOf(folder).list(folder, faults);
  split(listing, options);
  findMissing(listing, faults);
  if (faults.empty() && listing.train.empty()) faults.add("it has no training views");
  faults.throwIfAny(folder);

  std::vector<Candidate> train = loadAll(listing.train, options), heldOut = loadAll(listing.heldOut, options);
  for (const auto* candidates : {&train, &heldOut})
    for (const Candidate& candidate : *candidates)
      if (!candidate.fault.empty()) faults.add(candidate.fault);
  faults.throwIfAny(folder);

  ViewSet views;
  views.name = folderName(folder);
  addNotes(train, options.invert, views.notes);
  views.train = usableViews(train);
  views.heldOut = usableViews(heldOut);
  if (views.train.empty())
    throw Error(ExitCode::Input, "Cannot use the dataset '" + shownPath(folder) + "': no view is left, every mask is all object or all background.",
                "Masks are taken from the images' alpha channel, else from their brightness.");
  if (const std::size_t count = views.train.size(); count < 4)
    views.notes.push_back("Only " + std::to_string(count) + (count == 1 ? " training view" : " training views") + ": the shape is loosely determined.");
  views.up = guessUp(views.train);
  return views;
}

}  // namespace penumbra
