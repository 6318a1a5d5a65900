// The gateway and the emulated city of one run: started, asked and ended. Knows nothing of the scenario.

package shenhai.scenario

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject

class Stack private constructor(private val process: Process, addresses: JsonObject) : AutoCloseable {
    val gateway = addresses.text("gateway")
    val city = addresses.text("city")
    val control = addresses.text("control")

    override fun close() {
        // The stack serves until its standard input closes.
        process.outputStream.close()
        if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly()
    }

    companion object {
        fun start(program: String): Stack {
            val process = ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start()
            val lines = process.inputStream.bufferedReader()
            val first = lines.readLine() ?: error("$program ended with ${process.waitFor()} before it was ready")
            thread(isDaemon = true) { lines.forEachLine { } }
            return Stack(process, Json.parseToJsonElement(first).jsonObject)
        }
    }
}

private val http: HttpClient = HttpClient.newHttpClient()

/** One JSON exchange over HTTP; anything but a success is thrown with its body. */
fun ask(method: String, url: String, body: JsonElement? = null): JsonElement {
    val request = HttpRequest.newBuilder(URI.create(url))
    if (body == null) {
        request.method(method, HttpRequest.BodyPublishers.noBody())
    } else {
        request.header("content-type", "application/json")
        request.method(method, HttpRequest.BodyPublishers.ofString(body.toString()))
    }
    val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
    check(answer.statusCode() in 200..299) { "$method $url: ${answer.statusCode()} ${answer.body()}" }
    return if (answer.body().isEmpty()) JsonNull else Json.parseToJsonElement(answer.body())
}
