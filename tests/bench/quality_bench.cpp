// How good every method's meshes are, and how long they take, on the same masks: see quality_protocol.h.
//
//   quality_bench                                        spot, bob, bunny, armadillo, nefertiti; 8, 16, 32, 64 views
//   quality_bench --meshes all --views 16                every shape of the catalogue (also: thin, or names by comma)
//   quality_bench --meshes spot,bob --views 8,16 --methods hull,default
//   quality_bench --methods hull,large_steps,softras,default --seconds 120
//   quality_bench --methods grow,grow:lambda=20:remesh=off   with options changed
//   quality_bench --ablate --meshes spot --views 16      the default with one ingredient changed at a time
//   quality_bench --robust --meshes spot,bob --views 16  masks and cameras disturbed
//   --size 512  --cameras fibonacci|ring|star  --seeds 3 (the median run is shown)  --threads 2  --json FILE
//   --data DIR[:DIR...]  where the shapes are looked for (else PENUMBRA_MESHES, else ../shared/data beside this tree)
//
// Columns: volume IoU, Chamfer-L1 (unit sphere frame), IoU and contour error of held-out views, F-score at 0.5 %, normal
// consistency, Hausdorff 95 %, faces, genus and parts of result/shape, self-intersecting faces, flipped area, iterations,
// seconds. Last: goals reached ("ok") or missed and by how much; s marks a missed time, g a wrong genus, x more than
// 0.1 % self-intersecting faces, o an open mesh. Shapes that are not there, or not closed, are left out with a message.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "optim/eval/eval_json.h"
#include "renderer/error.h"
#include "tests/bench/peak_memory.h"
#include "tests/bench/quality_goals.h"
#include "tests/bench/quality_methods.h"
#include "tests/bench/quality_protocol.h"

using namespace penumbra;
using namespace penumbra::quality;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Arguments {
  std::string meshes = "table", methods = "hull,default", json;
  std::vector<int> views = {8, 16, 32, 64};
  std::vector<fs::path> folders;
  CameraSet cameras = CameraSet::Fibonacci;
  int size = 512, seeds = 1, threads = 0;
  double seconds = 0;
  bool robust = false, ablate = false;
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == at) parts.emplace_back();
    else parts.back() += c;
  return parts;
}

CameraSet cameraSet(const std::string& name) {
  if (name == "fibonacci") return CameraSet::Fibonacci;
  if (name == "ring") return CameraSet::Ring;
  if (name == "star") return CameraSet::Star;
  throw Error(ExitCode::Usage, "cameras is " + name + ", must be fibonacci, ring or star.");
}

void read(Arguments& a, const std::string& flag, const std::string& value) {
  if (flag == "--meshes") a.meshes = value;
  else if (flag == "--methods") a.methods = value;
  else if (flag == "--json") a.json = value;
  else if (flag == "--size") a.size = std::atoi(value.c_str());
  else if (flag == "--seeds") a.seeds = std::max(1, std::atoi(value.c_str()));
  else if (flag == "--threads") a.threads = std::atoi(value.c_str());
  else if (flag == "--seconds") a.seconds = std::atof(value.c_str());
  else if (flag == "--cameras") a.cameras = cameraSet(value);
  else if (flag == "--data") for (const auto& part : split(value, ':')) a.folders.emplace_back(part);
  else if (flag == "--views") {
    a.views.clear();
    for (const auto& part : split(value, ',')) a.views.push_back(std::atoi(part.c_str()));
  } else throw Error(ExitCode::Usage, "Unknown option " + flag + "; see the head of quality_bench.cpp.");
}

Arguments parse(int count, char** texts) {
  Arguments a;
  for (int i = 1; i < count; ++i) {
    const std::string flag = texts[i];
    if (flag == "--robust") a.robust = true;
    else if (flag == "--ablate") a.ablate = true;
    else if (i + 1 < count) read(a, flag, texts[++i]);
    else throw Error(ExitCode::Usage, flag + " needs a value.");
  }
  for (const int views : a.views)
    if (views < 1) throw Error(ExitCode::Usage, "views must be at least 1.");
  if (a.size < 16 || a.size > 2048) throw Error(ExitCode::Usage, "size must be in [16, 2048].");
  const char* named = std::getenv("PENUMBRA_MESHES");
  if (a.folders.empty()) a.folders = {named ? fs::path(named) : fs::path(PENUMBRA_SOURCE_DIR) / "../shared/data"};
  a.folders.emplace_back(fs::path(PENUMBRA_SOURCE_DIR) / "assets");
  return a;
}

// One line of the table.
struct Row {
  std::string shape, method;
  Noise noise = Noise::None;
  int views = 0, size = 0, seed = 0;
  Outcome outcome;
  EvalReport report;
  SilhouetteReport heldOut, train;
  double peakMiB = 0;
  double gainKept = -1;  // of the clean gain over the hull, under noise; -1: not asked
  double volume() const { return report.volumeIoU.value_or(0); }
};

std::string marks(const Row& r) {
  std::string text;
  const auto& mesh = r.report.mesh;
  if (r.method == "default")
    if (const auto time = timeGoalFor(r.views, r.size); time && r.outcome.seconds > time->wanted)
      text += r.outcome.seconds > time->most ? "S" : "s";
  if (mesh.genus != r.report.reference.genus) text += "g";
  if (mesh.selfIntersectingPercent > kMostSelfIntersectingPercent) text += "x";
  if (!mesh.closed()) text += "o";
  if (r.outcome.cut) text += " cut";
  return text;
}

std::string verdict(const Row& r) {
  std::string text = marks(r);
  if (r.noise != Noise::None) {
    if (r.gainKept < 0) return text;
    char kept[64];
    std::snprintf(kept, sizeof kept, " gain kept %.0f %% %s", 100 * r.gainKept, r.gainKept >= kLeastGainKept ? "ok" : "MISSED");
    return text + kept;
  }
  const auto goal = goalFor(r.shape, r.views, r.size);
  if (!goal) return text;
  const std::string missed = goal->missed(r.volume(), r.report.chamferL1, r.heldOut.iou);
  return text + " " + goal->text() + (missed.empty() ? " ok" : " MISSED" + missed);
}

std::string genusText(const std::optional<int>& genus) { return genus ? std::to_string(*genus) : "-"; }

void printHeader() {
  std::printf("%-11s %3s %-13s %-12s %6s %7s %6s %5s %5s %5s %6s %6s %5s %5s %6s %5s %5s %7s\n", "shape", "N", "method", "masks",
              "vol", "cd", "ho", "px", "F.5", "nc", "h95", "faces", "genus", "parts", "SI %", "fl %", "its", "s");
}

void print(const Row& r) {
  std::printf("%-11s %3d %-13s %-12s ", r.shape.c_str(), r.views, r.method.c_str(), toString(r.noise));
  if (!r.outcome.failure.empty()) {
    std::printf("%s\n", r.outcome.failure.c_str());
    return;
  }
  const auto& mesh = r.report.mesh;
  const std::string genus = genusText(mesh.genus) + "/" + genusText(r.report.reference.genus);
  const std::string parts = std::to_string(mesh.components) + "/" + std::to_string(r.report.reference.components);
  std::printf("%6.4f %7.5f %6.4f %5.2f %5.3f %5.3f %6.4f %6d %5s %5s %6.2f %5.2f %5d %7.2f  %s\n", r.volume(),
              r.report.chamferL1, r.heldOut.iou, r.heldOut.contourErrorPx, r.report.fScoreHalf, r.report.normalConsistency,
              r.report.hausdorff95, mesh.faces, genus.c_str(), parts.c_str(), mesh.selfIntersectingPercent,
              r.report.flippedAreaPercent, r.outcome.iterations, r.outcome.seconds, verdict(r).c_str());
  std::fflush(stdout);
}

Json toJson(const Row& r) {
  Json json = {{"shape", r.shape}, {"views", r.views}, {"size_px", r.size}, {"method", r.method},
               {"masks", toString(r.noise)}, {"seed", r.seed}};
  if (!r.outcome.failure.empty()) {
    json["failure"] = r.outcome.failure;
    return json;
  }
  json["seconds"] = r.outcome.seconds;
  json["start_seconds"] = r.outcome.startSeconds;
  json["iterations"] = r.outcome.iterations;
  json["cut"] = r.outcome.cut;
  json["peak_memory_mib"] = r.peakMiB;
  json["verdict"] = verdict(r);
  json["held_out"] = penumbra::toJson(r.heldOut);
  json["train"] = penumbra::toJson(r.train);
  json["shape_quality"] = penumbra::toJson(r.report);
  return json;
}

class Bench {
 public:
  explicit Bench(const Arguments& a) : a_(a), pool_(a.threads) {
    methods_ = methodsNamed(a.methods);
    if (a.ablate) methods_.insert(methods_.end(), ablations().begin(), ablations().end());
  }

  void run() {
    printHeader();
    for (const Shape& shape : shapesNamed(a_.meshes)) {
      const auto mesh = find(shape);
      if (!mesh) continue;
      for (const int views : a_.views) runShape(shape.name, *mesh, views);
      if (!a_.json.empty()) std::ofstream(a_.json) << json_.dump(1) << "\n";  // what there is, should the run be ended
    }
  }

 private:
  std::optional<Mesh> find(const Shape& shape) const {
    const auto file = findShape(shape, a_.folders);
    try {
      if (file) return readShape(*file);
      std::printf("%-11s left out: there is no %s in the folders of --data\n", shape.name.c_str(), shape.file.c_str());
    } catch (const Error& error) {
      std::printf("%-11s left out: %s\n", shape.name.c_str(), error.what());
    }
    return std::nullopt;
  }

  void runShape(const std::string& name, const Mesh& shape, int views) {
    std::vector<Noise> noises = {Noise::None};
    if (a_.robust) noises.insert(noises.end(), std::begin(kNoises), std::end(kNoises));
    std::vector<double> cleanGain(methods_.size(), 0);
    for (const Noise noise : noises) {
      double hull = -1;  // of the same masks
      for (std::size_t m = 0; m < methods_.size(); ++m) {
        Row row = median(name, shape, views, noise, methods_[m]);
        if (methods_[m].name == "hull") hull = row.volume();
        const double gain = row.volume() - hull;
        if (noise == Noise::None) cleanGain[m] = gain;
        else if (hull >= 0 && methods_[m].fits && cleanGain[m] > 0) row.gainKept = std::max(0.0, gain / cleanGain[m]);
        print(row);
      }
    }
  }

  // Of the runs of all seeds, the one in the middle by volume IoU.
  Row median(const std::string& name, const Mesh& shape, int views, Noise noise, const Method& method) {
    std::vector<Row> rows;
    for (int seed = 0; seed < a_.seeds; ++seed) {
      rows.push_back(runOnce(name, shape, {a_.cameras, views, a_.size, seed}, noise, method));
      json_.push_back(toJson(rows.back()));
    }
    std::sort(rows.begin(), rows.end(), [](const Row& x, const Row& y) { return x.volume() < y.volume(); });
    return rows[rows.size() / 2];
  }

  Row runOnce(const std::string& name, const Mesh& shape, const Setup& setup, Noise noise, const Method& method) {
    Row row;
    row.shape = name, row.method = method.name, row.noise = noise;
    row.size = setup.size, row.seed = setup.seed;
    ViewSet exam = makeExam(shape, name, setup, pool_);
    row.views = int(exam.train.size());
    if (noise != Noise::None) disturb(exam, noise, setup.seed);
    const PeakMemory memory;
    row.outcome = runMethod(method, exam, setup.seed, a_.seconds, pool_);
    row.peakMiB = memory.mebibytes();
    if (!row.outcome.failure.empty()) return row;
    try {
      row.report = evaluate(row.outcome.mesh, shape, {}, pool_);
      row.heldOut = evaluateSilhouettes(row.outcome.mesh, exam.heldOut, pool_);
      row.train = evaluateSilhouettes(row.outcome.mesh, exam.train, pool_);
    } catch (const Error& error) {
      row.outcome.failure = error.what();
    }
    return row;
  }

  Arguments a_;
  ThreadPool pool_;
  std::vector<Method> methods_;
  Json json_ = Json::array();
};

}  // namespace

int main(int count, char** texts) {
  try {
    Bench(parse(count, texts)).run();
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "quality_bench: %s\n", error.full().c_str());
    return int(error.code());
  }
}
