// How good every method's meshes are, and how long they take, on the same masks: see quality_protocol.h.
//
//   quality_bench                                        spot, bob, bunny, armadillo, nefertiti; 8, 16, 32, 64 views
//   quality_bench --meshes all --views 16                every shape of the catalogue (also: thin, or names by comma)
//   quality_bench --meshes spot,bob --views 8,16 --methods hull,default
//   quality_bench --methods hull,large_steps,softras,default --seconds 120
//   quality_bench --methods grow,grow:lambda=20:remesh=off   with options changed
//   quality_bench --ablate --meshes spot --views 16      the default with one ingredient changed at a time
//   quality_bench --robust --meshes spot,bob --views 16  masks and cameras disturbed
//   quality_bench --methods hull,default,grow,large_steps,softras,ceiling --same-time --meshes exam --views 16
//                                                        all at once; --same-time: an answer of each (NAME@same) is also
//                                                        taken when it has used as much processor time as the default
//   quality_bench --methods grid --meshes dev --views 16 --size 256   what the baselines were tuned on
//                                                        gain kept: see tellGain below
//   --size 512  --cameras fibonacci|ring|star  --seeds 3 (the summary takes the median run)  --first-seed 0  --threads 2
//   --json FILE  all rows, with checksums of the inputs    --report FILE  what is printed
//   --keep DIR   the meshes, SHAPE_VIEWS_MASKS_METHOD.ply
//   --resume FILE  takes the rows of an earlier --json FILE as they are and runs only the others
//   --data DIR[:DIR...]  where the shapes are looked for (else PENUMBRA_MESHES, else ../shared/data beside this tree)
//
// Columns: volume IoU, Chamfer-L1 (unit sphere frame), IoU and contour error of held-out views, F-score at 0.5 %, normal
// consistency, Hausdorff 95 %, faces, genus and parts of result/shape, self-intersecting faces, flipped area, smallest
// angle, iterations, seconds, processor seconds (of all threads: hardly touched by other programs), most memory held by
// the process. Last: goals reached ("ok") or missed and by how much; s marks a missed time, g a wrong genus, p wrong
// parts, x more than 0.1 % self-intersecting faces, o an open mesh. Shapes that are not there, or not closed, are left
// out with a message. At the end: quality_summary.h.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include <zlib.h>

#include "optim/eval/exam_views.h"
#include "optim/eval/peak_memory.h"
#include "optim/io/mesh_io.h"
#include "optim/remesh/decimate.h"
#include "renderer/error.h"
#include "tests/bench/quality_methods.h"
#include "tests/bench/quality_protocol.h"
#include "tests/bench/quality_row.h"
#include "tests/bench/quality_summary.h"

using namespace penumbra;
using namespace penumbra::quality;

namespace {

namespace fs = std::filesystem;

constexpr const char* kSame = "@same";

struct Arguments {
  std::string meshes = "table", methods = "hull,default", json, report, resume, keep;
  std::vector<int> views = {8, 16, 32, 64};
  std::vector<fs::path> folders;
  CameraSet cameras = CameraSet::Fibonacci;
  int size = 512, seeds = 1, firstSeed = 0, threads = 0;
  double seconds = 0;
  bool robust = false, ablate = false, sameTime = false;
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
  else if (flag == "--report") a.report = value;
  else if (flag == "--resume") a.resume = value;
  else if (flag == "--keep") a.keep = value;
  else if (flag == "--size") a.size = std::atoi(value.c_str());
  else if (flag == "--seeds") a.seeds = std::max(1, std::atoi(value.c_str()));
  else if (flag == "--first-seed") a.firstSeed = std::atoi(value.c_str());
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
    else if (flag == "--same-time") a.sameTime = true;
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

Json inputOf(const Shape& shape, const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), uInt(bytes.size()));
  return {{"shape", shape.name}, {"file", shape.file}, {"bytes", bytes.size()}, {"crc32", format("%08lx", crc)}};
}

class Bench {
 public:
  explicit Bench(const Arguments& a) : a_(a), pool_(a.threads), methods_(methodsNamed(a.methods)) {
    if (a.ablate) methods_.insert(methods_.end(), ablations().begin(), ablations().end());
    if (a.robust) noises_.insert(noises_.end(), std::begin(kNoises), std::end(kNoises));
    if (!a.resume.empty()) readEarlier();
    // Others are measured against these.
    std::stable_partition(methods_.begin(), methods_.end(), [](const Method& m) { return m.name == "hull" || m.name == "default"; });
  }

  void run() {
    say(tableHead());
    for (const Shape& shape : shapesNamed(a_.meshes)) {
      const auto mesh = find(shape);
      if (!mesh) continue;
      for (const int views : a_.views)
        for (int seed = a_.firstSeed; seed < a_.firstSeed + a_.seeds; ++seed)
          for (const Noise noise : noises_) sit({shape.name, *mesh, views, noise}, seed);
      save();  // what there is, should the run be ended
    }
    say(summaryOf(rows_));
    save();
  }

 private:
  struct Sitting {
    std::string name;
    const Mesh& shape;
    int views;
    Noise noise;
  };

  void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    report_ += line + "\n";
  }

  void save() const {
    const Json protocol = {{"held_out_views", heldOutCameras().size()}, {"threads", pool_.threads()}, {"seeds", a_.seeds}};
    if (!a_.json.empty())
      std::ofstream(a_.json) << Json{{"protocol", protocol}, {"inputs", inputs_}, {"rows", rows_}}.dump(1) << "\n";
    if (!a_.report.empty()) std::ofstream(a_.report) << report_;
  }

  void readEarlier() {
    try {
      for (const Json& row : Json::parse(std::ifstream(a_.resume)).at("rows")) earlier_[textOf(row)] = row;
    } catch (const Json::exception& error) {
      throw Error(ExitCode::Input, a_.resume + " holds no rows of this bench: " + error.what());
    }
  }

  std::optional<Mesh> find(const Shape& shape) {
    const auto file = findShape(shape, a_.folders);
    try {
      if (!file) throw Error(ExitCode::Input, "there is no " + shape.file + " in the folders of --data");
      Mesh mesh = readShape(*file);
      inputs_.push_back(inputOf(shape, *file));
      return mesh;
    } catch (const Error& error) {
      say(shape.name + " left out: " + error.what());
    }
    return std::nullopt;
  }

  void sit(const Sitting& s, int seed) {
    std::optional<ViewSet> exam;  // made when the first method needs it
    budget_ = {a_.seconds, 0};
    defaultFaces_ = 0;
    hull_ = nullptr;
    for (const Method& method : methods_) {
      const Json key = rowOf({s.name, method.name, toString(s.noise), toString(a_.cameras), s.views, a_.size, seed});
      std::vector<Json> rows = earlierRows(key);
      if (rows.empty()) {
        if (!exam) exam = examOf(s, seed);
        rows = answersOf(method, key, s.shape, *exam);
      }
      for (Json& row : rows) keep(std::move(row), s.noise);
    }
  }

  std::vector<Json> earlierRows(Json key) const {
    std::vector<Json> rows;
    const auto add = [&] {
      if (const auto known = earlier_.find(textOf(key)); known != earlier_.end()) rows.push_back(known->second);
    };
    add();
    key["method"] = key["method"].get<std::string>() + kSame;
    if (!rows.empty()) add();
    return rows;
  }

  // Tells a row and holds others to it: time and faces of the default's answer, volume of the hull.
  void keep(Json row, Noise noise) {
    if (row.at("method") == "hull") hull_ = row;
    if (row.at("method") == "default" && !failed(row)) {
      budget_.earlyProcessorSeconds = row.at("processor_seconds");
      defaultFaces_ = row.at("shape_quality").at("mesh").at("faces");
    }
    if (!hull_.is_null() && row.at("method") != "hull") tellGain(row, noise);
    say(tableLine(row));
    rows_.push_back(std::move(row));
  }

  // gain_kept: gain over the hull of the same disturbed masks (carved as the product carves them, views not corrected) in
  // shares of the gain with clean masks, the least of volume, Chamfer and held-out IoU. gain_kept_over_clean_hull: the same
  // of the advantage over the hull of the clean masks, which no noise has harmed.
  void tellGain(Json& row, Noise noise) {
    Json key = row;
    key["masks"] = toString(Noise::None);
    Clean& clean = clean_[textOf(key)];
    if (noise == Noise::None) {
      clean = {hull_, gainOver(row, hull_)};
    } else if (clean.gain.volume > 0) {
      row["gain_kept"] = leastKept(gainOver(row, hull_), clean.gain);
      row["gain_kept_over_clean_hull"] = leastKept(gainOver(row, clean.hull), clean.gain);
    }
  }

  ViewSet examOf(const Sitting& s, int seed) {
    ViewSet exam = makeExam(s.shape, s.name, {a_.cameras, s.views, a_.size, seed}, pool_);
    if (s.noise != Noise::None) disturb(exam, s.noise, seed);
    return exam;
  }

  // One row, or two: the second is what there was at the default's time.
  std::vector<Json> answersOf(const Method& method, const Json& key, const Mesh& shape, const ViewSet& exam) {
    forgetPeakMemory();
    Budget budget = budget_;
    if (!a_.sameTime) budget.earlyProcessorSeconds = 0;
    Outcome outcome;
    if (method.kind != Kind::Ceiling) outcome = runMethod(method, exam, key.at("seed"), budget, pool_);
    else outcome.answer.mesh = defaultFaces_ > 0 ? decimate(shape, defaultFaces_) : shape;
    const double peak = peakMemoryMiB();
    std::vector<Json> rows = {rowFrom(key, outcome.answer, outcome.failure, peak, shape, exam)};
    if (!outcome.early) return rows;
    Json same = key;
    same["method"] = method.name + kSame;
    rows.push_back(rowFrom(std::move(same), *outcome.early, outcome.failure, peak, shape, exam));
    return rows;
  }

  void keepMesh(const Json& row, const Mesh& mesh) const {
    std::string name = row.at("shape").get<std::string>() + "_" + row.at("views").dump() + "_" +
                       row.at("masks").get<std::string>() + "_" + row.at("method").get<std::string>();
    std::replace(name.begin(), name.end(), ':', '_');
    fs::create_directories(a_.keep);
    writeMesh(fs::path(a_.keep) / (name + ".ply"), mesh);
  }

  Json rowFrom(Json row, const Answer& answer, const std::string& failure, double peak, const Mesh& shape, const ViewSet& exam) {
    row["failure"] = failure;
    try {
      if (failure.empty() && !a_.keep.empty()) keepMesh(row, answer.mesh);
      if (failure.empty()) addFigures(row, answer.mesh, shape, exam, pool_), addAnswer(row, answer, peak);
    } catch (const Error& error) {
      row["failure"] = error.what();
    }
    if (row.at("failure") == "") row.erase("failure");
    return row;
  }

  Arguments a_;
  ThreadPool pool_;
  std::vector<Method> methods_;
  std::vector<Noise> noises_ = {Noise::None};
  std::map<std::string, Json> earlier_;       // by textOf
  struct Clean {
    Json hull;
    Gain gain;
  };
  std::map<std::string, Clean> clean_;        // by textOf
  Budget budget_;
  int defaultFaces_ = 0;
  Json hull_;                                 // its row; null: not known
  Json rows_ = Json::array(), inputs_ = Json::array();
  std::string report_;
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
