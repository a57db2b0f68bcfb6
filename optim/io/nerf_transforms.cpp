#include "optim/io/nerf_transforms.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "optim/io/file_input.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
constexpr std::uint64_t kMaxJsonBytes = 16u << 20;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxFrames = 10'000, kMaxPathBytes = 4096;
constexpr double kMaxDistance = 1e12;
constexpr double kPi = 3.14159265358979323846;

bool isFile(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed);
}

Json parseJson(const fs::path& path) {
  const std::string text = readInputFile(path, kMaxJsonBytes, "transforms");
  const auto depthLimit = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) throw std::runtime_error("it is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    return true;
  };
  Json json = Json::parse(text, depthLimit, true, true);
  if (!json.is_object()) throw std::runtime_error("it is not a JSON object");
  return json;
}

// What the JSON library says, without its internal codes: "parse error at line 3, column 7: ...".
std::string plainReason(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t code = text.find("] ");
  return printableLine(text.rfind("[json", 0) == 0 && code != std::string::npos ? text.substr(code + 2) : text, 200);
}

// The value of the frame, else of the whole file, else null.
const Json* lookUp(const Json& frame, const Json& file, const char* key) {
  for (const Json* object : {&frame, &file})
    if (const auto found = object->find(key); found != object->end() && !found->is_null()) return &*found;
  return nullptr;
}

std::optional<double> number(const Json& frame, const Json& file, const char* key) {
  const Json* value = lookUp(frame, file, key);
  if (value == nullptr) return {};
  if (!value->is_number() || !std::isfinite(value->get<double>()))
    throw std::runtime_error("'" + std::string(key) + "' is not a finite number");
  return value->get<double>();
}

StatedIntrinsics readIntrinsics(const Json& frame, const Json& file) {
  const auto get = [&](const char* key) { return number(frame, file, key); };
  StatedIntrinsics stated;
  stated.width = get("w");
  stated.height = get("h");
  stated.focalX = get("fl_x");
  stated.focalY = get("fl_y");
  stated.centreX = get("cx");
  stated.centreY = get("cy");
  stated.angleX = get("camera_angle_x");
  stated.angleY = get("camera_angle_y");
  const auto degrees = [&](const char* key, std::optional<double>& focal, std::optional<double>& angle) {
    const std::optional<double> fov = get(key);
    if (!fov) return;
    focal.reset();
    angle = *fov * kPi / 180;
  };
  degrees("x_fov", stated.focalX, stated.angleX);
  degrees("y_fov", stated.focalY, stated.angleY);
  // A focal length for one side is never mixed with an angle for the other.
  if (stated.focalX && !stated.focalY) stated.angleY.reset();
  if (stated.focalY && !stated.focalX) stated.angleX.reset();
  return stated;
}

bool isTrue(const Json* value) { return value != nullptr && value->is_boolean() && value->get<bool>(); }

// Only straight pinhole cameras can be used.
void refuseLenses(const Json& frame, const Json& file) {
  for (const char* key : {"k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2"})
    if (const auto value = number(frame, file, key); value && *value != 0)
      throw std::runtime_error("its lens distortion '" + std::string(key) + "' is not 0; undistort the images first");
  if (isTrue(lookUp(frame, file, "is_fisheye"))) throw std::runtime_error("it is a fisheye camera; undistort the images first");
  if (isTrue(lookUp(frame, file, "orthographic"))) throw std::runtime_error("its camera is orthographic; only perspective cameras can be used");
  const Json* model = lookUp(frame, file, "camera_model");
  if (model == nullptr || !model->is_string()) return;
  const auto name = model->get<std::string>();
  for (const char* pinhole : {"OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "PERSPECTIVE"})
    if (name == pinhole) return;
  throw std::runtime_error("its camera model '" + printableLine(name, 60) + "' is not a pinhole; undistort the images first");
}

// Nearest rotation by Newton's iteration on the polar decomposition; leaves an exact rotation as it is.
glm::dmat3 nearestRotation(glm::dmat3 m) {
  for (int i = 0; i < 4; ++i) m = 1.5 * m - 0.5 * m * glm::transpose(m) * m;
  return m;
}

double rotationError(const glm::dmat3& m) {
  const glm::dmat3 difference = glm::transpose(m) * m - glm::dmat3(1);
  double worst = 0;
  for (int column = 0; column < 3; ++column)
    for (int row = 0; row < 3; ++row) worst = std::max(worst, std::abs(difference[column][row]));
  return worst;
}

glm::dmat4 readPose(const Json& frame) {
  const auto found = frame.find("transform_matrix");
  if (found == frame.end()) throw std::runtime_error("it has no transform_matrix");
  const Json& rows = *found;
  if (!rows.is_array() || (rows.size() != 3 && rows.size() != 4)) throw std::runtime_error("its transform_matrix is not 4x4 or 3x4");
  glm::dmat4 pose(1);
  for (int row = 0; row < 3; ++row) {
    if (!rows[std::size_t(row)].is_array() || rows[std::size_t(row)].size() != 4) throw std::runtime_error("its transform_matrix is not 4x4 or 3x4");
    for (int column = 0; column < 4; ++column) {
      const Json& value = rows[std::size_t(row)][std::size_t(column)];
      if (!value.is_number() || !std::isfinite(value.get<double>())) throw std::runtime_error("its transform_matrix has an entry that is no finite number");
      pose[column][row] = value.get<double>();
    }
  }
  const glm::dmat3 axes(pose);
  for (int row = 0; row < 3; ++row)
    if (std::abs(pose[3][row]) > kMaxDistance) throw std::runtime_error("its camera is too far away for a sound picture");
  if (glm::determinant(axes) < 0) throw std::runtime_error("its transform_matrix is mirrored");
  if (rotationError(axes) > 1e-3) throw std::runtime_error("the left part of its transform_matrix is not a rotation");
  const glm::dmat3 rotation = nearestRotation(axes);
  for (int column = 0; column < 3; ++column) pose[column] = glm::dvec4(rotation[column], 0);
  return pose;
}

// The stated path below the folder. Throws when it leads outside.
fs::path insideFolder(const fs::path& folder, std::string stated) {
  if (stated.empty() || stated.size() > kMaxPathBytes || stated.find('\0') != std::string::npos)
    throw std::runtime_error("its file_path is empty or too long");
  std::replace(stated.begin(), stated.end(), '\\', '/');
  const fs::path plain = fs::path(stated).lexically_normal();
  if (plain.is_absolute() || *plain.begin() == "..")
    throw std::runtime_error("its path '" + printableLine(stated, 200) + "' leads outside the folder");
  return folder / plain;
}

// As stated, else with an extension added.
fs::path withExtension(const fs::path& path) {
  if (isFile(path)) return path;
  for (const char* extension : {".png", ".PNG", ".jpg", ".jpeg"}) {
    fs::path longer = path;
    longer += extension;
    if (isFile(longer)) return longer;
  }
  fs::path png = path;
  return path.has_extension() ? path : png += ".png";
}

std::string text(const Json& frame, const char* key) {
  const auto found = frame.find(key);
  return found != frame.end() && found->is_string() ? found->get<std::string>() : std::string();
}

DatasetFrame readFrame(const fs::path& folder, const Json& frame, const Json& file) {
  if (!frame.is_object()) throw std::runtime_error("it is not an object");
  DatasetFrame result;
  const fs::path image = insideFolder(folder, text(frame, "file_path"));
  const std::string mask = text(frame, "mask_path");
  result.image = withExtension(mask.empty() ? image : insideFolder(folder, mask));
  fs::path name = image.lexically_relative(folder);
  result.name = printableLine((name.extension() == ".png" ? name.replace_extension() : name).native(), 200);
  refuseLenses(frame, file);
  result.intrinsics = readIntrinsics(frame, file);
  result.worldFromGlCamera = readPose(frame);
  return result;
}

std::vector<DatasetFrame> readFrames(const fs::path& folder, const char* fileName, FaultList& faults) {
  std::vector<DatasetFrame> result;
  try {
    const Json file = parseJson(folder / fileName);
    const auto frames = file.find("frames");
    if (frames == file.end() || !frames->is_array()) throw std::runtime_error("it has no list of frames");
    if (frames->size() > kMaxFrames)
      throw std::runtime_error("it has " + std::to_string(frames->size()) + " frames, the limit is " + std::to_string(kMaxFrames));
    for (std::size_t i = 0; i < frames->size(); ++i) {
      try {
        result.push_back(readFrame(folder, (*frames)[i], file));
      } catch (const std::exception& error) {
        faults.add(std::string(fileName) + ", frame " + std::to_string(i) + ": " + plainReason(error));
      }
    }
  } catch (const Error&) {
    throw;  // the file itself: already a whole sentence
  } catch (const std::exception& error) {
    faults.add(std::string(fileName) + ": " + plainReason(error));
  }
  return result;
}

}  // namespace

bool hasNerfTransforms(const fs::path& folder) {
  return isFile(folder / "transforms_train.json") || isFile(folder / "transforms.json");
}

DatasetListing listNerfTransforms(const fs::path& folder, FaultList& faults) {
  DatasetListing listing;
  if (!isFile(folder / "transforms_train.json")) {
    listing.train = readFrames(folder, "transforms.json", faults);
    return listing;
  }
  listing.train = readFrames(folder, "transforms_train.json", faults);
  for (const char* name : {"transforms_test.json", "transforms_val.json"}) {
    if (!isFile(folder / name)) continue;
    listing.heldOut = readFrames(folder, name, faults);
    listing.hasSplit = true;
    break;
  }
  return listing;
}

}  // namespace penumbra
