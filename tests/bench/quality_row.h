// One run as a JSON object, and what is printed of it. The table, the medians and the summary all read these objects, so
// rows of an earlier run count like those just made.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include "tests/bench/quality_methods.h"
#include "tests/bench/quality_protocol.h"

namespace penumbra::quality {

using Json = nlohmann::ordered_json;

// What was run; members of the row, by which an earlier run is found again.
struct RowKey {
  std::string shape, method, masks, cameras;
  int views = 0, size = 0, seed = 0;
};
Json rowOf(const RowKey& key);           // with the key alone
std::string textOf(const Json& row);     // of the key: the same for the same run

// Adds what was made, and all figures of it. Parts and genus of a shape of several shells are its solid's: quality_solid.h.
void addAnswer(Json& row, const Answer& answer, double peakMebibytes);
void addFigures(Json& row, const Mesh& mesh, const Mesh& shape, const ViewSet& exam, ThreadPool& pool);

bool failed(const Json& row);
double volumeIoU(const Json& row);  // 0 of a failed row or an open mesh

// What a method makes of the same masks beyond carving them: volume IoU, Chamfer-L1 and held-out IoU, each positive when
// better than the hull's.
struct Gain {
  double volume = 0, chamfer = 0, heldOut = 0;
};
Gain gainOver(const Json& row, const Json& hull);
// The least of the three shares of the clean gain that is left; figures without a clean gain do not count.
double leastKept(const Gain& left, const Gain& clean);
// What is wrong with a mesh whatever its figures: "genus 2 (1)", "3 parts (1)", "0.2 % self-intersecting", ...; "" when
// nothing is.
std::string faultsOf(const Json& row);

std::string tableHead();
std::string tableLine(const Json& row);

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

}  // namespace penumbra::quality
