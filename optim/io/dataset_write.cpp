// Writing a view set in the NeRF convention (see nerf_transforms.h).
#include <algorithm>
#include <cmath>
#include <span>

#include <nlohmann/json.hpp>

#include "optim/io/atomic_file.h"
#include "optim/io/dataset_io.h"
#include "optim/io/file_input.h"
#include "optim/io/image_io.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

RgbaImage imageOf(const Mask& mask) {
  RgbaImage image(mask.width, mask.height);
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    const float coverage = std::clamp(mask.pixels[i], 0.0f, 1.0f);
    image.pixels[i] = {255, 255, 255, std::uint8_t(std::lround(coverage * 255.0f))};
  }
  return image;
}

void addIntrinsics(Json& to, const Camera& camera) {
  to["camera_angle_x"] = 2 * std::atan(0.5 * camera.width / camera.fx);
  to["fl_x"] = camera.fx;
  to["fl_y"] = camera.fy;
  to["cx"] = camera.cx;
  to["cy"] = camera.cy;
  to["w"] = camera.width;
  to["h"] = camera.height;
}

bool sameIntrinsics(const Camera& a, const Camera& b) {
  return a.fx == b.fx && a.fy == b.fy && a.cx == b.cx && a.cy == b.cy && a.width == b.width && a.height == b.height;
}

Json rowsOf(const glm::dmat4& matrix) {
  Json rows = Json::array();
  for (int row = 0; row < 4; ++row) rows.push_back({matrix[0][row], matrix[1][row], matrix[2][row], matrix[3][row]});
  return rows;
}

std::string numbered(std::size_t i) {
  const std::string digits = std::to_string(i);
  return "view_" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

// Images into folder/part, then the file that names them.
void writeViews(const fs::path& folder, const char* part, const char* file, bool withExtension, const std::vector<View>& views,
                const Similarity& normalisation) {
  fs::create_directories(folder / part);
  Json json;
  const bool shared = std::all_of(views.begin(), views.end(), [&](const View& v) { return sameIntrinsics(v.camera, views[0].camera); });
  if (shared) addIntrinsics(json, views[0].camera);
  json["frames"] = Json::array();
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::string name = std::string(part) + "/" + numbered(i);
    writePng(folder / (name + ".png"), imageOf(views[i].mask));
    // normalised -> input: X = (1 / s) (Y - (-s c))
    const Camera camera = transformed(views[i].camera, 1 / normalisation.scale, -normalisation.scale * normalisation.centre);
    Json frame;
    frame["file_path"] = (withExtension ? name + ".png" : "./" + name);
    if (!shared) addIntrinsics(frame, camera);
    frame["transform_matrix"] = rowsOf(toOpenGlPose(camera));
    json["frames"].push_back(std::move(frame));
  }
  const std::string text = json.dump(1) + "\n";
  writeFileAtomically(folder / file, std::as_bytes(std::span(text)));
}

// A set of the other layout would be read in place of the new one, or mixed with it.
void refuseMixture(const fs::path& folder, bool split) {
  for (const char* other : {"transforms.json", "transforms_train.json", "transforms_test.json", "transforms_val.json"}) {
    const bool ours = split ? std::string_view(other) == "transforms_train.json" || std::string_view(other) == "transforms_test.json"
                            : std::string_view(other) == "transforms.json";
    std::error_code failed;
    if (!ours && fs::exists(folder / other, failed))
      throw Error(ExitCode::Save, "Could not save to '" + shownPath(folder) + "': it already holds another dataset (" + other + ").",
                  "Choose an empty folder.");
  }
}

}  // namespace

void writeDataset(const fs::path& folder, const ViewSet& views) {
  if (views.train.empty()) throw Error(ExitCode::Save, "Could not save to '" + shownPath(folder) + "': there are no views.");
  const bool split = !views.heldOut.empty();
  try {
    fs::create_directories(folder);
    refuseMixture(folder, split);
    if (split) {
      writeViews(folder, "train", "transforms_train.json", false, views.train, views.normalisation);
      writeViews(folder, "test", "transforms_test.json", false, views.heldOut, views.normalisation);
    } else {
      writeViews(folder, "images", "transforms.json", true, views.train, views.normalisation);
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ExitCode::Save, "Could not save to '" + shownPath(folder) + "': " + error.code().message() + ".");
  }
}

}  // namespace penumbra
