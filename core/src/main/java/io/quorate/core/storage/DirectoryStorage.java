package io.quorate.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Real files. With {@link DirectoryFile} the only class of the library that opens one. */
final class DirectoryStorage implements Storage {
  private static final Set<OpenOption> OPEN =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
  private static final Set<OpenOption> CREATE =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
  private static final Set<OpenOption> OPEN_OR_CREATE =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
  private static final int MAX_LOCK_HOLDER_BYTES = 64;

  private final Path root;
  /** Open files and locks. */
  private final Set<FileChannel> channels =
      Collections.synchronizedSet(new LinkedHashSet<>());
  private volatile boolean closed;
  private final FileAttribute<?>[] ownerOnlyFile;
  private final FileAttribute<?>[] ownerOnlyDirectory;

  DirectoryStorage(Path root) {
    this.root = root.toAbsolutePath().normalize();
    boolean posix = this.root.getFileSystem().supportedFileAttributeViews().contains("posix");
    this.ownerOnlyFile = posix ? rights("rw-------") : new FileAttribute<?>[0];
    this.ownerOnlyDirectory = posix ? rights("rwx------") : new FileAttribute<?>[0];
    try {
      Files.createDirectories(this.root, ownerOnlyDirectory);
      Path above = this.root.getParent();
      if (above != null) {
        forceDirectory(above);
      }
    } catch (IOException e) {
      throw failure("create directory", this.root, e);
    }
  }

  @Override
  public StorageFile open(String path) {
    Path file = resolve(path);
    if (Files.isDirectory(file)) {
      throw new StorageException("cannot open " + file + ": it is a directory");
    }
    try {
      return new DirectoryFile(path, file, opened(FileChannel.open(file, OPEN)), channels);
    } catch (IOException e) {
      throw failure("open", file, e);
    }
  }

  @Override
  public StorageFile create(String path) {
    Path file = resolve(path);
    try {
      return new DirectoryFile(
          path, file, opened(FileChannel.open(file, CREATE, ownerOnlyFile)), channels);
    } catch (IOException e) {
      throw failure("create", file, e);
    }
  }

  @Override
  public boolean exists(String path) {
    return Files.exists(resolve(path));
  }

  @Override
  public List<String> list(String directory) {
    Path path = resolveDirectory(directory);
    try (Stream<Path> entries = Files.list(path)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw failure("list", path, e);
    }
  }

  @Override
  public void createDirectories(String directory) {
    Path path = resolveDirectory(directory);
    try {
      Files.createDirectories(path, ownerOnlyDirectory);
      for (Path p = path; !p.equals(root); p = p.getParent()) {
        forceDirectory(p.getParent());
      }
    } catch (IOException e) {
      throw failure("create directory", path, e);
    }
  }

  @Override
  public void rename(String from, String to) {
    Path source = resolve(from);
    Path target = resolve(to);
    if (Files.isDirectory(source) || Files.isDirectory(target)) {
      throw new StorageException("cannot rename " + source + " to " + target + ": a directory");
    }
    try {
      Files.move(
          source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failure("rename to " + target, source, e);
    }
  }

  @Override
  public void delete(String path) {
    Path file = resolve(path);
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw failure("delete", file, e);
    }
  }

  @Override
  public void syncDirectory(String directory) {
    Path path = resolveDirectory(directory);
    try {
      forceDirectory(path);
    } catch (IOException e) {
      throw failure("sync directory", path, e);
    }
  }

  @Override
  public Lock lock(String path) {
    Path file = resolve(path);
    FileChannel channel = null;
    try {
      channel = opened(FileChannel.open(file, OPEN_OR_CREATE, ownerOnlyFile));
      FileLock lock = tryLock(channel);
      if (lock == null) {
        String holder = holder(channel);
        channel.close();
        throw new StorageException("cannot lock " + file + ": it is held by " + holder);
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(self().getBytes(StandardCharsets.US_ASCII)), 0);
      return new DirectoryLock(file, channel);
    } catch (IOException e) {
      closeAfter(e, channel);
      throw failure("lock", file, e);
    }
  }

  @Override
  public long usableBytes() {
    try {
      FileStore store = Files.getFileStore(root);
      return store.getUsableSpace();
    } catch (IOException e) {
      throw failure("ask for the usable bytes of", root, e);
    }
  }

  @Override
  public void close() {
    closed = true;
    List<FileChannel> open;
    synchronized (channels) {
      open = List.copyOf(channels);
    }
    open.forEach(this::close);
  }

  private FileChannel opened(FileChannel channel) throws IOException {
    channels.add(channel);
    if (closed) {
      channels.remove(channel);
      channel.close();
      throw new ClosedChannelException();
    }
    return channel;
  }

  private void close(FileChannel channel) {
    channels.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      throw failure("close a file of", root, e);
    }
  }

  @Override
  public String toString() {
    return root.toString();
  }

  /** Says what was done to which file, and whether the device is full. */
  static StorageException failure(String operation, Path file, IOException cause) {
    String reason =
        cause instanceof NoSuchFileException ? "it does not exist"
            : cause instanceof FileAlreadyExistsException ? "it exists"
            : cause instanceof NotDirectoryException ? "it is not a directory"
            : cause instanceof ClosedChannelException ? "it is closed"
            : String.valueOf(cause.getMessage());
    String message = "cannot " + operation + " " + file + ": " + reason;
    return isFull(reason)
        ? new NoSpaceException(message, cause)
        : new StorageException(message, cause);
  }

  /** The platform says it in words only: ENOSPC, EDQUOT and what Windows calls them. */
  private static boolean isFull(String reason) {
    String words = reason.toLowerCase(Locale.ROOT);
    return words.contains("no space left")
        || words.contains("quota exceeded")
        || words.contains("not enough space");
  }

  private static FileAttribute<?>[] rights(String rights) {
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))
    };
  }

  private static void forceDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held by somebody else in this process
    }
  }

  private static String self() {
    return "process " + ProcessHandle.current().pid();
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MAX_LOCK_HOLDER_BYTES);
    channel.read(text, 0);
    String holder = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
    return holder.matches("process [0-9]+") ? holder : "an unknown process";
  }

  private static void closeAfter(IOException failure, FileChannel channel) {
    if (channel == null) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private Path resolve(String path) {
    return root.resolve(StoragePaths.check(path));
  }

  private Path resolveDirectory(String path) {
    return root.resolve(StoragePaths.checkDirectory(path));
  }

  /** Closing the channel releases the lock of the operating system. */
  private record DirectoryLock(Path file, FileChannel channel) implements Lock {
    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw failure("unlock", file, e);
      }
    }
  }
}
