// The pictures of the views as textures, made anew only when something changed, only for views on the screen, and
// never more than a few a frame, so that they do not hold up the window.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "app/window/drawing.h"
#include "app/window/view_compare.h"

namespace penumbra {

class ViewImages {
 public:
  explicit ViewImages(Drawing& drawing) : drawing_(&drawing) {}

  void beginFrame(const Snapshot& snapshot, double now);
  // Small difference picture of a view for the grid, refreshed up to eight times a second.
  TextureId thumbnail(const Snapshot& snapshot, int view);
  // The large picture of a view, at the mask's own resolution (at most 1024 a side). `slot` tells apart large pictures
  // shown together: 0 in the views panel, 1 over the 3D view.
  TextureId large(int slot, const Snapshot& snapshot, int view, CompareMode mode, double split);
  // A picture file, read once and reduced to at most `maxSide`; its texture is 0 when that fails.
  struct FilePicture { TextureId texture = 0; float aspect = 1; };  // aspect: width / height
  FilePicture file(const std::filesystem::path& path, int maxSide);
  // Outlines in pixels of the view's image; empty when unknown.
  const std::vector<Segment>& targetOutline(const Snapshot& snapshot, int view);
  const std::vector<Segment>& renderOutline(const Snapshot& snapshot, int view);
  // Views whose coverage the host needs for what was asked for since the last beginFrame, and pictures that could be drawn
  // from the card's memory instead, at most kMostWishes.
  const std::set<int>& visible() const { return visible_; }
  const std::vector<PictureWish>& wishes() const { return wishes_; }
  static constexpr std::size_t kMostWishes = 64;

 private:
  struct Key {
    const void* target = nullptr;
    std::shared_ptr<const Mask> coverage;  // kept alive, so that its address stays a valid identity
    int view = -1;
    CompareMode mode = CompareMode::Target;
    double split = 0;
    bool operator==(const Key&) const = default;
  };
  struct Picture { Key key; double madeAt = -1e9; };
  struct Reduced { const Mask* full = nullptr; std::shared_ptr<const Mask> mask; };  // a target, as small as its picture
  struct Outline { const void* source = nullptr; std::shared_ptr<const Mask> keep; std::vector<Segment> segments; };

  // The picture of `slot` from the card's memory; 0 when it is not there.
  TextureId fromCard(int slot, const Snapshot& snapshot, const PictureWish& wish, CompareMode mode, double split);

  Drawing* drawing_;
  double now_ = 0;
  int budget_ = 0;
  std::shared_ptr<const ViewSet> views_;
  std::map<int, Picture> thumbnails_, large_;
  std::map<int, Outline> targetOutlines_, renderOutlines_;
  std::map<int, Reduced> reduced_;  // by slot
  std::set<int> visible_;
  std::vector<PictureWish> wishes_;
  std::map<std::filesystem::path, FilePicture> files_;
};

std::shared_ptr<const Mask> coverageOf(const Snapshot& snapshot, int view);  // null when not known

}  // namespace penumbra
