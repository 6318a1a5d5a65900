// The scenario through the Kotlin binding, on the JVM.
//
// SHENHAI_STACK    the built shenhai-stack (default: target/debug/shenhai-stack)
// SHENHAI_TARGET   the target directory (default: target); the native library is in its debug/
//
// Run from the root of the work tree. Prints one TAP line per step; exit code 1 after the first failure.

package shenhai.scenario

import java.nio.file.Path
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.absolutePathString
import kotlin.io.path.createTempDirectory
import kotlin.io.path.deleteRecursively
import kotlin.io.path.readText
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject

private val target = Path.of(System.getenv("SHENHAI_TARGET") ?: "target")
private val program = System.getenv("SHENHAI_STACK") ?: "$target/debug/shenhai-stack"
private val source = target.resolve("../tests/scenario/thread.json")

private var passed = 0

private suspend fun step(name: String, run: suspend () -> Unit) {
    runCatching { run() }.onFailure { println("not ok ${passed + 1} - $name") }.getOrThrow()
    passed += 1
    println("ok $passed - $name")
}

private suspend fun runAll(stack: Stack, directory: Path) {
    val file = Json.parseToJsonElement(source.readText()).jsonObject
    val scenario = Scenario(stack, directory, file["vars"]?.jsonObject.orEmpty())
    try {
        for (item in file.getValue("steps").jsonArray.map { it.jsonObject }) {
            step(nameOf(item)) { scenario.run(item) }
        }
        val device = scenario.cores.values.first { it.config.app == "hotline" }
        for (check in bindingChecks) step(check.name) { check.run(device, stack) }
    } finally {
        scenario.close()
    }
}

private fun nameOf(item: JsonObject): String =
    if ("note" in item) {
        item.text("note")
    } else {
        listOf("do", "method").filter(item::containsKey).joinToString(" ", transform = item::text)
    }

@OptIn(ExperimentalPathApi::class)
fun main() {
    System.setProperty("jna.library.path", target.resolve("debug").absolutePathString())
    val directory = createTempDirectory("shenhai-kotlin-")
    val failure = runCatching {
        Stack.start(program).use { stack -> runBlocking { runAll(stack, directory) } }
    }.exceptionOrNull()
    directory.deleteRecursively()
    failure?.printStackTrace()
    if (failure != null) exitProcess(1)
    println("kotlin scenario: $passed steps passed")
}
