"""A server of LMTP that keeps what it gets: for what a real one cannot be made
to say."""

import os
import re
import socket
import ssl
import threading


class Stub:
    """Listens on a TCP port and, with path, on a Unix socket. say: called
    with each command ("RCPT TO:<ann>", and ". ann" for each answer to the
    message); the answer, or None for the usual one, or Exception to hang
    up."""

    def __init__(self, path=None, cert=None, say=lambda command: None):
        self.say, self.cert = say, cert
        self.mails = []         # (sender, recipient, octets)
        self.commands = []
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        self.listeners = [tcp]
        if path:
            unix = socket.socket(socket.AF_UNIX)
            unix.bind(path)
            unix.listen(64)
            os.chmod(path, 0o666)
            self.listeners.append(unix)
        for s in self.listeners:
            threading.Thread(target=self._take, args=(s,),
                             daemon=True).start()

    def close(self):
        for s in self.listeners:
            s.shutdown(socket.SHUT_RDWR)    # ends accept()
            s.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _take(self, listener):
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(c,),
                             daemon=True).start()

    def _serve(self, c):
        try:
            Conversation(self, c).run()
        except (OSError, EOFError):
            pass
        finally:
            c.close()


class Conversation:
    def __init__(self, stub, sock):
        self.stub, self.sock = stub, sock
        self.file = sock.makefile("rb")
        self.sender, self.rcpts = None, []

    def answer(self, command, usual, mail=None):
        """mail: kept before a positive answer is sent."""
        self.stub.commands.append(command)
        text = self.stub.say(command)
        if text is Exception:
            raise EOFError
        text = text or usual
        if mail and text[0] == "2":
            self.stub.mails.append(mail)
        self.sock.sendall(text.encode() + b"\r\n")
        return text

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def run(self):
        self.answer("", "220 stub")
        while True:
            command = self.line().decode("utf-8", "replace").rstrip("\r\n")
            verb = command.split(" ")[0].upper()
            if verb == "LHLO":
                self.answer(command, "250-stub\r\n250-PIPELINING\r\n250-DSN"
                            "\r\n250-SIZE\r\n250-8BITMIME\r\n%s250 "
                            "ENHANCEDSTATUSCODES" % (
                                "250-STARTTLS\r\n" if self.stub.cert else ""))
            elif verb == "STARTTLS":
                self.answer(command, "220 go")
                ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                ctx.load_cert_chain(*self.stub.cert)
                self.sock = ctx.wrap_socket(self.sock, server_side=True)
                self.file = self.sock.makefile("rb")
            elif verb == "MAIL":
                self.sender = re.search("<(.*)>", command).group(1)
                self.answer(command, "250 2.1.0 ok")
            elif verb == "RCPT":
                if self.answer(command, "250 2.1.5 ok")[0] == "2":
                    self.rcpts.append(
                        re.search("<(.*)>", command).group(1))
            elif verb == "DATA":
                self.data(command)
            elif verb == "RSET":
                self.rcpts = []
                self.answer(command, "250 ok")
            elif verb == "QUIT":
                self.answer(command, "221 bye")
                return
            else:
                self.answer(command, "250 ok")

    def data(self, command):
        if self.answer(command, "354 go" if self.rcpts else
                       "503 5.5.1 no recipient")[0] != "3":
            return
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        for r in self.rcpts:
            self.answer(". " + r, "250 2.0.0 in",
                        (self.sender, r, b"".join(lines)))
        self.rcpts = []
