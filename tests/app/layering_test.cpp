// The rules of the source tree, read from the files themselves: which part may include which, how long a file may be,
// and that numbers in files do not depend on the locale.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string path;  // from the top of the tree
  std::vector<std::string> lines;
};

bool isSource(const fs::path& path) {
  static const std::array<const char*, 5> extensions = {".h", ".cpp", ".cu", ".cuh", ".c"};
  return std::find(extensions.begin(), extensions.end(), path.extension()) != extensions.end();
}

std::vector<Source> readSources() {
  std::vector<Source> sources;
  const fs::path top = PENUMBRA_SOURCE_DIR;
  for (const char* part : {"renderer", "optim", "app", "assets", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(top / part)) {
      if (!entry.is_regular_file() || !isSource(entry.path())) continue;
      Source source{fs::relative(entry.path(), top).generic_string(), {}};
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) source.lines.push_back(line);
      sources.push_back(std::move(source));
    }
  return sources;
}

const std::vector<Source>& sources() {
  static const std::vector<Source> all = readSources();
  return all;
}

bool startsWith(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

// What an #include line names; empty for other lines.
std::string included(const std::string& line) {
  static const std::regex pattern(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::smatch match;
  return std::regex_search(line, match, pattern) ? match[1].str() : std::string();
}

bool isWindowHeader(const std::string& header) {
  return startsWith(header, "GLFW/") || startsWith(header, "imgui") || startsWith(header, "glad/") ||
         startsWith(header, "GL/") || startsWith(header, "EGL/") || startsWith(header, "GLES");
}

bool isCudaHeader(const std::string& header) {
  static const std::regex pattern(R"(^(cuda|cub/|thrust/|cooperative_groups|nvrtc|curand|cublas|device_launch))");
  return std::regex_search(header, pattern);
}

// Why this file must not include this header; empty when it may.
std::string breach(const std::string& file, const std::string& header) {
  const auto in = [&](const char* part) { return startsWith(file, std::string(part) + "/"); };
  const auto names = [&](const char* part) { return startsWith(header, std::string(part) + "/"); };
  if (in("renderer") && (names("optim") || names("app"))) return "renderer knows nothing of optim and app";
  if (in("optim") && names("app")) return "optim knows nothing of app";
  if (!in("tests") && names("tests")) return "only tests include tests";
  if (startsWith(header, "../")) return "includes are rooted at the top of the tree";
  if (in("tests") && startsWith(file, "tests/renderer/") && (names("optim") || names("app")))
    return "tests of the renderer use the renderer only";
  if (startsWith(file, "tests/optim/") && names("app")) return "tests of optim know nothing of app";
  if (isWindowHeader(header) && !in("app") && !startsWith(file, "tests/app/") && !startsWith(file, "tests/gpu/")) return "window headers live in app";
  if (isCudaHeader(header) && !startsWith(file, "renderer/cuda/") && !startsWith(file, "tests/gpu/") &&
      file.find("cuda_interop") == std::string::npos)
    return "CUDA headers live in renderer/cuda";
  return {};
}

// The line without a // comment and without the text of string literals.
std::string code(const std::string& line) {
  std::string result;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!quoted && line.compare(i, 2, "//") == 0) break;
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\'')) quoted = !quoted;
    if (quoted && line[i] == '\\') ++i;
    else if (!quoted) result += line[i];
  }
  return result;
}

// Calls whose result depends on the locale of the process.
const std::regex& localeDependentCall() {
  static const std::regex pattern(
      R"(\b(strtof|strtod|strtold|atof|stof|stod|stold|sscanf|fscanf|scanf|setlocale)\s*\()"
      R"(|\b(std::)?to_string\s*\(\s*(double|float)\b)");
  return pattern;
}

// printf-like with a floating conversion in its format.
const std::regex& floatingFormat() {
  static const std::regex pattern(R"(printf\s*\(.*%[-+ #0-9.*]*l?[aAeEfFgG])");
  return pattern;
}

TEST(Layering, TheTreeIsFound) {
  EXPECT_GT(sources().size(), 50u);
  for (const char* part : {"renderer/", "optim/", "app/", "tests/"})
    EXPECT_TRUE(std::any_of(sources().begin(), sources().end(), [&](const Source& s) { return startsWith(s.path, part); }))
        << part;
}

TEST(Layering, EveryIncludePointsDownwards) {
  for (const Source& source : sources())
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
      const std::string header = included(source.lines[i]);
      if (header.empty()) continue;
      const std::string reason = breach(source.path, header);
      EXPECT_TRUE(reason.empty()) << source.path << ":" << i + 1 << " includes " << header << ": " << reason;
    }
}

TEST(Layering, BreachesAreRecognised) {
  EXPECT_FALSE(breach("renderer/a.cpp", "optim/options.h").empty());
  EXPECT_FALSE(breach("renderer/a.cpp", "app/main.h").empty());
  EXPECT_FALSE(breach("optim/fit/a.cpp", "app/cli/text.h").empty());
  EXPECT_FALSE(breach("optim/a.cpp", "GLFW/glfw3.h").empty());
  EXPECT_FALSE(breach("renderer/cpu/a.cpp", "cuda_runtime.h").empty());
  EXPECT_FALSE(breach("app/window/a.cpp", "cuda_gl_interop.h").empty());
  EXPECT_FALSE(breach("app/window/a.cpp", "tests/support/a.h").empty());
  EXPECT_TRUE(breach("app/window/a.cpp", "imgui.h").empty());
  EXPECT_TRUE(breach("app/window/cuda_interop.cpp", "cuda_gl_interop.h").empty());
  EXPECT_TRUE(breach("renderer/cuda/a.cu", "cuda_runtime.h").empty());
  EXPECT_TRUE(breach("optim/a.cpp", "renderer/camera.h").empty());
  EXPECT_EQ(included("#  include \"a/b.h\"  // why"), "a/b.h");
}

TEST(Layering, FilesAreShort) {
  for (const Source& source : sources()) EXPECT_LE(source.lines.size(), 500u) << source.path << " is too long";
}

TEST(Layering, NoNumberDependsOnTheLocale) {
  for (const Source& source : sources()) {
    if (startsWith(source.path, "tests/")) continue;
    const bool writesFiles = startsWith(source.path, "optim/") || startsWith(source.path, "app/cli/");
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
      const std::string& line = source.lines[i];
      EXPECT_FALSE(std::regex_search(code(line), localeDependentCall())) << source.path << ":" << i + 1 << " " << line;
      if (writesFiles) {
        EXPECT_FALSE(std::regex_search(line, floatingFormat())) << source.path << ":" << i + 1 << " " << line;
      }
    }
  }
}

TEST(Layering, LocaleDependentNumbersAreRecognised) {
  for (const char* line : {"x = strtof(s, nullptr);", "return std::stod(text);", "atof(s)", "sscanf(s, \"%f\", &x);"})
    EXPECT_TRUE(std::regex_search(code(line), localeDependentCall())) << line;
  for (const char* line : {"fprintf(f, \"%f\", x);", "snprintf(b, n, \"v %.9g\", x);", "printf(\"%d %5.2e\", i, x)"})
    EXPECT_TRUE(std::regex_search(std::string(line), floatingFormat())) << line;
  for (const char* line : {"// never strtof(", "say(\"atof(\");", "std::from_chars(a, b, x);"})
    EXPECT_FALSE(std::regex_search(code(line), localeDependentCall())) << line;
  EXPECT_FALSE(std::regex_search(std::string("printf(\"%d%%\", i);"), floatingFormat()));
}

}  // namespace
