#include "optim/session/recovery.h"

#include <cstring>
#include <fstream>
#include <span>

#include <nlohmann/json.hpp>

#include "optim/io/atomic_file.h"
#include "optim/io/file_input.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

using Json = nlohmann::json;

constexpr const char* kFirstLine = "penumbra recovery 3";

template <class Value> void append(std::vector<std::byte>& bytes, const std::vector<Value>& values) {
  const auto raw = std::as_bytes(std::span(values));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

Error damaged(const std::filesystem::path& path, const std::string& why) {
  return Error(ExitCode::Input, "'" + shownPath(path) + "' cannot be recovered: " + why + ".", "Discard it.");
}

Json newtonJson(const NewtonState& n) {
  return {{"level", n.level}, {"steps", n.steps}, {"stalls", n.stalls}, {"damping", n.damping}, {"relaxed", n.relaxed},
          {"level_done", n.levelDone}, {"converged", n.converged}};
}

NewtonState newtonFrom(const Json& j) {
  NewtonState n;
  n.level = j.at("level").get<int>();
  n.steps = j.at("steps").get<int>();
  n.stalls = j.at("stalls").get<int>();
  n.damping = j.at("damping").get<double>();
  n.relaxed = j.at("relaxed").get<bool>();
  n.levelDone = j.at("level_done").get<bool>();
  n.converged = j.at("converged").get<bool>();
  return n;
}

Json stallJson(const StallState& s) {
  return {{"outline_px", s.outlinePx}, {"outline_length", s.outlineLength}, {"faces", s.faces}, {"iterations", s.iterations},
          {"converged", s.converged}};
}

StallState stallFrom(const Json& j) {
  StallState s;
  s.outlinePx = j.at("outline_px").get<double>();
  s.outlineLength = j.at("outline_length").get<double>();
  s.faces = j.at("faces").get<int>();
  s.iterations = j.at("iterations").get<int>();
  s.converged = j.at("converged").get<bool>();
  return s;
}

Json headerOf(const Recovery& r) {
  const std::string& source = r.info.source.native();  // any bytes, while JSON has only those of UTF-8
  return {{"source", std::vector<unsigned char>(source.begin(), source.end())}, {"name", r.info.name}, {"iteration", r.fit.iteration}, {"planned", r.info.planned},
          {"seconds", r.info.seconds}, {"options", Json::parse(optionsToJson(r.options, false))}, {"step_scale", r.fit.stepScale},
          {"optimizer_step", r.fit.optimizerStep}, {"newton", newtonJson(r.fit.newton)}, {"vertices", r.fit.positions.size()},
          {"faces", r.fit.faces.size()}, {"moments1", r.fit.moment1.size()}, {"moments2", r.fit.moment2.size()},
          {"wanted", r.fit.growth.wanted.size()}, {"anchor", r.fit.growth.anchor.size()}, {"sigma_now", r.fit.growth.sigma},
          {"outline_px", r.fit.growth.outlinePx}, {"stall", stallJson(r.fit.growth.stall)}};
}

RecoveryInfo infoFrom(const Json& j) {
  const auto source = j.at("source").get<std::vector<unsigned char>>();
  return {std::string(source.begin(), source.end()), j.at("name").get<std::string>(), j.at("iteration").get<int>(), j.at("planned").get<int>(),
          j.at("seconds").get<double>()};
}

// Opens the file, reads both lines, and calls `use` with the header and the stream behind it.
template <class Use> void readWith(const std::filesystem::path& path, Use use) {
  std::ifstream file(path, std::ios::binary);
  std::string first, header;
  if (!std::getline(file, first) || first != kFirstLine) throw damaged(path, "it is not a recovery file of this version");
  std::getline(file, header);
  try {
    use(Json::parse(header), file);
  } catch (const Json::exception&) {
    throw damaged(path, "its header is damaged");
  }
}

template <class Value>
void readArray(std::ifstream& file, std::size_t count, std::vector<Value>& values, const std::filesystem::path& path) {
  const std::streamoff here = file.tellg(), end = file.seekg(0, std::ios::end).tellg();
  file.seekg(here);
  if (!file || count > std::size_t(end - here) / sizeof(Value)) throw damaged(path, "it is too short");  // before room is made
  values.resize(count);
  file.read(reinterpret_cast<char*>(values.data()), std::streamsize(count * sizeof(Value)));
  if (!file) throw damaged(path, "it is too short");
}

void checkFaces(const FitState& fit, const std::filesystem::path& path) {
  for (const Face& f : fit.faces)
    for (int corner = 0; corner < 3; ++corner)
      if (f[corner] < 0 || std::size_t(f[corner]) >= fit.positions.size()) throw damaged(path, "a face names a vertex that is not there");
}

}  // namespace

void writeRecovery(const std::filesystem::path& path, const Recovery& r) {
  const std::string text = std::string(kFirstLine) + "\n" + headerOf(r).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::vector<std::byte> bytes;
  append(bytes, std::vector<char>(text.begin(), text.end()));
  append(bytes, r.fit.positions);
  append(bytes, r.fit.moment1);
  append(bytes, r.fit.moment2);
  append(bytes, r.fit.growth.wanted);
  append(bytes, r.fit.growth.anchor);
  append(bytes, r.fit.faces);
  writeFileAtomically(path, bytes);
}

Recovery readRecovery(const std::filesystem::path& path) {
  Recovery r;
  readWith(path, [&](const Json& j, std::ifstream& file) {
    r.info = infoFrom(j);
    r.options = optionsFromJson(j.at("options").dump());
    r.fit.iteration = r.info.iteration;
    r.fit.stepScale = j.at("step_scale").get<double>();
    r.fit.optimizerStep = j.at("optimizer_step").get<int>();
    r.fit.growth.sigma = j.at("sigma_now").get<double>();
    r.fit.growth.outlinePx = j.at("outline_px").get<double>();
    if (j.contains("stall")) r.fit.growth.stall = stallFrom(j["stall"]);  // older files do not say
    r.fit.newton = newtonFrom(j.at("newton"));
    readArray(file, j.at("vertices").get<std::size_t>(), r.fit.positions, path);
    readArray(file, j.at("moments1").get<std::size_t>(), r.fit.moment1, path);
    readArray(file, j.at("moments2").get<std::size_t>(), r.fit.moment2, path);
    readArray(file, j.at("wanted").get<std::size_t>(), r.fit.growth.wanted, path);
    readArray(file, j.at("anchor").get<std::size_t>(), r.fit.growth.anchor, path);
    readArray(file, j.at("faces").get<std::size_t>(), r.fit.faces, path);
  });
  checkFaces(r.fit, path);
  return r;
}

RecoveryInfo readRecoveryInfo(const std::filesystem::path& path) {
  RecoveryInfo info;
  readWith(path, [&](const Json& j, std::ifstream&) { info = infoFrom(j); });
  return info;
}

}  // namespace penumbra
