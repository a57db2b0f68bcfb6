#include "app/window/view_images.h"

#include <algorithm>

#include "optim/io/image_io.h"
#include "renderer/core/reduce.h"
#include "renderer/error.h"

namespace penumbra {
namespace {
constexpr int kThumbnailSide = 96, kLargeSide = 1024;
constexpr int kPicturesAFrame = 6;
constexpr double kThumbnailSeconds = 0.125, kLargeSeconds = 0.05;
constexpr int kLargeSlots = 100000;  // texture slots: thumbnails from 0, large pictures from here
constexpr int kFileSlots = 200000;   // and pictures from files
}  // namespace

std::shared_ptr<const Mask> coverageOf(const Snapshot& snapshot, int view) {
  const auto found = snapshot.coverage.find(view);
  return found == snapshot.coverage.end() ? nullptr : found->second;
}

// Softness of the coverage there is: that of the last step, or what the fit begins with.
static double sigmaOf(const Snapshot& s) {
  if (s.history && !s.history->empty()) return s.history->back().sigma;
  return s.solver == SolverKind::Newton ? s.options.sigmaEnd : s.options.sigma;
}

void ViewImages::beginFrame(const Snapshot& snapshot, double now) {
  now_ = now;
  budget_ = kPicturesAFrame;
  visible_.clear();
  wishes_.clear();
  if (snapshot.views == views_) return;
  views_ = snapshot.views;  // other masks: nothing made so far is right
  for (auto* pictures : {&thumbnails_, &large_}) pictures->clear();
  targetOutlines_.clear();
  renderOutlines_.clear();
  reduced_.clear();
}

TextureId ViewImages::fromCard(int slot, const Snapshot& snapshot, const PictureWish& wish, CompareMode mode, double split) {
  if (!drawing_->readsTheCard()) return 0;
  if (wishes_.size() < kMostWishes) wishes_.push_back(wish);
  const DevicePicture* place = snapshot.pictures ? snapshot.pictures->find(wish) : nullptr;
  if (!place) return 0;
  const Mask& target = snapshot.views->train[std::size_t(wish.view)].mask;
  if (PictureSize{place->width, place->height} != reducedSize({target.width, target.height}, wish.maxSide)) return 0;  // of other views
  Reduced& reduced = reduced_[slot];
  if (reduced.full != &target || reduced.mask->width != place->width) {
    if (budget_ <= 0) return 0;
    --budget_;
    reduced = {&target, std::make_shared<const Mask>(reduceMask(target, wish.maxSide))};
  }
  return drawing_->cardImage(slot, {snapshot.pictures, *place, reduced.mask, mode, split, sigmaOf(snapshot)});
}

TextureId ViewImages::thumbnail(const Snapshot& snapshot, int view) {
  const Mask& target = snapshot.views->train[std::size_t(view)].mask;
  Picture& picture = thumbnails_[view];
  if (const TextureId texture = fromCard(view, snapshot, {view, kThumbnailSide}, CompareMode::Difference, 0)) {
    picture.key = {&target, nullptr, view};  // the host makes it anew when it has to
    return texture;
  }
  visible_.insert(view);
  const auto coverage = coverageOf(snapshot, view);
  // Until something was rendered the target alone says more than an empty tile.
  const Key key{&target, coverage, view, coverage ? CompareMode::Difference : CompareMode::Target, 0};
  const bool first = picture.key.view < 0;
  if (key == picture.key || budget_ <= 0 || (!first && now_ - picture.madeAt < kThumbnailSeconds))
    return first ? 0 : drawing_->image(view, nullptr);
  --budget_;
  picture = {key, now_};
  const RgbaImage image = composeView(target, key.coverage.get(), key.mode, 0, kThumbnailSide, sigmaOf(snapshot));
  return drawing_->image(view, &image);
}

TextureId ViewImages::large(int slot, const Snapshot& snapshot, int view, CompareMode mode, double split) {
  const Mask& target = snapshot.views->train[std::size_t(view)].mask;
  Picture& picture = large_[slot];
  if (const TextureId texture = fromCard(kLargeSlots + slot, snapshot, {view, kLargeSide}, mode, split)) {
    picture.key = {&target, nullptr, view, mode, mode == CompareMode::Split ? split : 0};
    return texture;
  }
  visible_.insert(view);
  const Key key{&target, coverageOf(snapshot, view), view, mode, mode == CompareMode::Split ? split : 0};
  const bool onlyCoverage = picture.key.view == view && picture.key.mode == mode && picture.key.split == key.split;
  const bool recent = onlyCoverage && now_ - picture.madeAt < kLargeSeconds;
  if (key == picture.key || recent) return drawing_->image(kLargeSlots + slot, nullptr);
  picture = {key, now_};
  const RgbaImage image = composeView(target, key.coverage.get(), mode, split, kLargeSide, sigmaOf(snapshot));
  return drawing_->image(kLargeSlots + slot, &image);
}

ViewImages::FilePicture ViewImages::file(const std::filesystem::path& path, int maxSide) {
  const auto [found, isNew] = files_.try_emplace(path);
  FilePicture& picture = found->second;
  std::error_code failed;
  if (!isNew || !std::filesystem::is_regular_file(path, failed)) return picture;
  try {
    const RgbaImage image = reduceImage(readPng(path), maxSide);
    picture = {drawing_->image(kFileSlots + int(files_.size()), &image), float(image.width) / float(std::max(1, image.height))};
  } catch (const Error&) {  // only decoration: shown without it
  }
  return picture;
}

const std::vector<Segment>& ViewImages::targetOutline(const Snapshot& snapshot, int view) {
  const Mask& target = snapshot.views->train[std::size_t(view)].mask;
  Outline& outline = targetOutlines_[view];
  if (outline.source != &target) outline = {&target, nullptr, outlineSegments(target)};
  return outline.segments;
}

const std::vector<Segment>& ViewImages::renderOutline(const Snapshot& snapshot, int view) {
  visible_.insert(view);
  const auto coverage = coverageOf(snapshot, view);
  Outline& outline = renderOutlines_[view];
  if (outline.keep != coverage) outline = {coverage.get(), coverage, coverage ? outlineSegments(*coverage) : std::vector<Segment>()};
  return outline.segments;
}

}  // namespace penumbra
